"""miniaudio, which decodes samples and reaches the sound card; importing this without it says what to do."""

from lstm_composer.runtime.errors import MissingError

try:
    import miniaudio
except ImportError as error:
    raise MissingError(
        f"sound needs miniaudio ({error}): pip install miniaudio, which takes a C compiler where it has no wheel; "
        "or have fluidsynth sound, with --soundfont FILE.sf2"
    ) from error

__all__ = ["miniaudio"]
