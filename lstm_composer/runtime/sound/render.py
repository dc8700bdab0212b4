"""MIDI files into sound, faster than real time: what `lstm-composer render` and `write -o x.wav` do."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.midi.input import ControlChange, NoteOff, NoteOn, decode
from lstm_composer.runtime.midi.messages import Kind, Message
from lstm_composer.runtime.midi.smf import MOST_MIDI_BYTES, TICK_SHIFT, TempoMap, Track, parse_midi, without_riff
from lstm_composer.runtime.sound.piano import Piano
from lstm_composer.runtime.sound.sampler import CHANNELS, RATE, Controller, Sampler, Sound
from lstm_composer.runtime.sound.sound_file import check_sound_file, write_sound
from lstm_composer.runtime.system.foreign_files import read_foreign

TAIL_SECONDS: Final = 4.0
"""How long what still sounds may die away after the last message."""
_FADE_SECONDS: Final = 0.1  # of the tail, where it is not over by itself
_BLOCK_FRAMES: Final = 4096
DRUM_CHANNEL: Final = 10
"""General MIDI's channel for drums, which a piano cannot play."""
LONGEST_SECONDS: Final = 6 * 3600.0
"""A file with a slip in a time can last for years."""

Timed = tuple[float, Message]
"""A message and when it takes effect, in seconds from the beginning."""


def render(source: Path | bytes, output: Path, *, volume: float = 1.0, soundfont: Path | None = None) -> float:
    """Write the sound of a MIDI file.

    Args:
        source: A MIDI file's path, or what is in one.
        output: File whose name ends in .wav, or where soundfile is installed in .flac or .ogg.
        volume: Loudness of the whole, 0..1.
        soundfont: What sounds, by the program fluidsynth with all its instruments; None for the piano that ships, which
            plays the notes of all channels but the one for drums.

    Returns:
        The length of the music in seconds.

    Raises:
        InputError: If the music cannot be read, or the file or the SoundFont cannot be of its kind.
        MissingError: If something needed is not installed, or the file cannot be written.

    """
    check_sound_file(output)
    midi = source if isinstance(source, bytes) else _read_bytes(source)
    named = source if isinstance(source, Path) else "the music"
    timed, seconds = read_timed_messages(midi, str(named))
    if soundfont is not None:
        from lstm_composer.runtime.sound.fluidsynth import render_by_fluidsynth  # noqa: PLC0415 - the program is seldom asked for

        render_by_fluidsynth(without_riff(midi), output, soundfont, volume)
        return seconds
    heard = timed if isinstance(source, bytes) else without_drums(timed, str(named))
    with progress(seconds) as shown:
        write_sound(output, shown(rendered(heard, seconds, volume=volume)))
    return seconds


def _read_bytes(path: Path) -> bytes:
    try:
        return read_foreign(path, MOST_MIDI_BYTES)
    except InputError as error:
        raise InputError(f"{path} {error}: name a MIDI file") from error


def read_timed_messages(midi: bytes, named: str = "the music") -> tuple[list[Timed], float]:
    """Read a MIDI file.

    Args:
        midi: What is in it.
        named: What a message calls it.

    Returns:
        Its notes and control changes by time, and its length in seconds.

    Raises:
        InputError: If it cannot be read, has no notes, or lasts longer than LONGEST_SECONDS.

    """
    try:
        file = parse_midi(midi)
    except InputError as error:
        raise InputError(f"{named} {error}") from error
    timed: list[Timed] = []
    seconds = 0.0
    for tracks in [[track] for track in file.tracks] if file.kind == 2 else [file.tracks]:
        messages, length = _timed(tracks, file.resolution)
        timed += [(seconds + one, message) for one, message in messages]
        seconds += length
    if not any(message.kind is Kind.NOTE_ON for _, message in timed):
        raise InputError(f"{named} has no notes: name a MIDI file with music in it")
    if seconds > LONGEST_SECONDS:
        raise InputError(
            f"{named} lasts {seconds / 3600:,.0f} hours: {LONGEST_SECONDS / 3600:.0f} at the most are rendered"
        )
    return timed, seconds


def _timed(tracks: Sequence[Track], resolution: int) -> tuple[list[Timed], float]:
    """Messages of tracks that sound together, and their length; a tempo is that of the file, however odd."""
    clock = TempoMap(tracks, resolution)
    events = sorted((event for track in tracks for event in track.events), key=lambda event: event >> TICK_SHIFT)
    timed = [
        (clock.seconds(event >> TICK_SHIFT), message) for event in events if (message := _message(event)) is not None
    ]
    return timed, clock.seconds(max((track.end_tick for track in tracks), default=0))


def _message(event: int) -> Message | None:
    """What a sampler makes of an event; nothing of those that neither begin or end a note nor move a controller."""
    match decode((event & 0xFFFFFF).to_bytes(3, "big")):
        case NoteOn(channel, pitch, velocity):
            return Message(0, Kind.NOTE_ON, channel, pitch, velocity)
        case NoteOff(channel, pitch, velocity):
            return Message(0, Kind.NOTE_OFF, channel, pitch, velocity)
        case ControlChange(channel, number, value):
            return Message(0, Kind.CONTROL, channel, number, value)
        case _:
            return None


def without_drums(timed: Sequence[Timed], named: str) -> list[Timed]:
    """Leave the channel for drums out.

    Raises:
        InputError: If nothing else is there.

    """
    left = [(seconds, message) for seconds, message in timed if message.channel != DRUM_CHANNEL]
    if not any(message.kind is Kind.NOTE_ON for _, message in left):
        raise InputError(f"{named} has drums only, which a piano cannot play: name a --soundfont with a drum kit")
    return left


@contextmanager
def progress(seconds: float) -> Iterator[Callable[[Iterator[Sound]], Iterator[Sound]]]:
    """Show on a terminal how much of so many seconds of sound has been made: what is handed out counts blocks by."""
    if not sys.stderr.isatty():
        yield lambda blocks: blocks
        return
    from rich.console import Console  # noqa: PLC0415 - a tenth of the time that a short piece takes
    from rich.progress import Progress  # noqa: PLC0415 - the same

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Rendering", total=seconds)

        def shown(blocks: Iterator[Sound]) -> Iterator[Sound]:
            for block in blocks:
                yield block
                bar.advance(task, len(block) / RATE)

        yield shown


def rendered(
    timed: Sequence[Timed], length_seconds: float, *, volume: float = 1.0, piano: Piano | None = None
) -> Iterator[Sound]:
    """Yield the sound of messages, block by block, to the end of the last note or of the file.

    Args:
        timed: By time.
        length_seconds: How long it lasts at least.
        volume: Loudness of the whole, 0..1; see `Sampler.set_volume`.
        piano: What sounds; None for the one that ships.

    """
    sampler = Sampler(piano or Piano.load())
    sampler.set_volume(volume)
    done = 0
    for seconds, message in timed:
        frame = round(seconds * RATE)
        yield from _blocks(sampler, frame - done)
        done = max(done, frame)
        sampler.take(message)
    yield from _blocks(sampler, round(length_seconds * RATE) - done)
    for channel in range(1, CHANNELS + 1):
        for number in (Controller.SUSTAIN_PEDAL, Controller.ALL_NOTES_OFF):
            sampler.take(Message(0, Kind.CONTROL, channel, number, 0))
    yield from _tail(sampler)


def _blocks(sampler: Sampler, frames: int) -> Iterator[Sound]:
    for begin in range(0, frames, _BLOCK_FRAMES):
        yield sampler.sound(min(_BLOCK_FRAMES, frames - begin))


def _tail(sampler: Sampler) -> Iterator[Sound]:
    """Let it die away; what would take longer than TAIL_SECONDS is faded out."""
    for _ in range(0, round((TAIL_SECONDS - _FADE_SECONDS) * RATE), _BLOCK_FRAMES):
        if not sampler.sounding_count:
            return
        yield sampler.sound(_BLOCK_FRAMES)
    for channel in range(1, CHANNELS + 1):
        sampler.take(Message(0, Kind.CONTROL, channel, Controller.ALL_SOUND_OFF, 0))
    yield sampler.sound(round(_FADE_SECONDS * RATE))
