"""Directives: lines "%%..." and fields "I:...", most of which are for the printed page or for sound."""

import re
from typing import Final, NamedTuple

from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.formats.abc.fields import small_number
from lstm_composer.trainer.formats.abc.voice import NOT, OCTAVE, PITCH

_REFUSED: Final = frozenset(
    ["abc-include", "map", "microscale", "pitch", "shift", "soundfont-map", "transpose", "voicemap", "voicescale"]
)
"""They change notes, and are no part of the standard, or bring in another file."""
_REFUSED_MIDI: Final = frozenset(["c", "ratio", "temperament", "temperamentlinear", "tuningsystem"])
_DRUM_CHANNEL: Final = 10


class Directive(NamedTuple):
    """What a directive does to the notes; None, as most do, where nothing.

    Attributes:
        reach: How far accidentals reach.
        octave: Octaves by which the voice is moved from there on.
        percussion: Whether the voice goes on on the drum channel.
        moved: Semitones by which the whole tune is moved.
        is_relative: Whether that is added to what was there.

    """

    reach: str | None = None
    octave: int | None = None
    percussion: bool | None = None
    moved: int | None = None
    is_relative: bool = False


def parse_instruction(text: str) -> Directive:
    """Read what follows I:, which may be "name text" or "name=text".

    Raises:
        InputError: If it changes the notes in a way that is not understood.

    """
    octave = re.fullmatch(r"octave\s*=?\s*([-+]?\d)", text.strip())
    if octave is not None:
        return Directive(octave=int(octave[1]))
    return parse_directive(re.sub(r"^(\s*[\w-]+)\s*=\s*", r"\1 ", text))


def parse_directive(text: str) -> Directive:
    """Read what follows %%.

    Raises:
        InputError: If it changes the notes in a way that is not understood.

    """
    name, value = _split(text)
    if name == "MIDI":
        return _parse_midi(*_split(value))
    if name == "propagate-accidentals":
        if value not in (PITCH, OCTAVE, NOT):
            raise InputError(f"uses {name} without saying whether {PITCH}, {OCTAVE} or {NOT}")
        return Directive(reach=value)
    if name == "octave" or (name in _REFUSED and value not in ("", "0")):
        raise InputError(f"uses %%{name}, which is not understood")
    return Directive()


def _parse_midi(name: str, value: str) -> Directive:
    if name in _REFUSED_MIDI:
        raise InputError(f"uses %%MIDI {name}, which is not understood")
    if name == "nobarlines":
        return Directive(reach=NOT)
    if name == "barlines":
        return Directive(reach=PITCH)
    if name == "channel":
        return Directive(percussion=value.split()[:1] == [str(_DRUM_CHANNEL)])
    if name in ("transpose", "rtranspose"):
        sign, digits = (-1, value[1:]) if value.startswith("-") else (1, value.removeprefix("+"))
        return Directive(moved=sign * small_number(digits), is_relative=name == "rtranspose")
    return Directive()


def _split(text: str) -> tuple[str, str]:
    name, _, value = text.strip().partition(" ")
    return name, value.strip()
