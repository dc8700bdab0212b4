"""What a running `play` is doing at one moment, and the line of JSON that says it to other programs."""

from dataclasses import dataclass
from typing import Literal

import msgspec

from runtime.errors import MissingError

Source = Literal["internal", "midi", "link"]
"""Who sets the time: our own tempo, a MIDI clock or Ableton Link; the words of `--sync`."""


@dataclass(frozen=True, slots=True)
class Time:
    """Where the music is.

    Attributes:
        source: Who sets the time.
        tempo_bpm: Quarter notes a minute at present.
        running: Whether the position moves on.
        tick: Position; negative in the count-in.
        bar: From 1; 0 in the count-in.
        beat: From 1.

    """

    source: Source
    tempo_bpm: float
    running: bool
    tick: int
    bar: int
    beat: int


class RollNote(msgspec.Struct, frozen=True, gc=False):
    """A note of the piano roll: onset and duration in ticks, pitch 0..127, velocity 1..127, channel 1..16.

    There may be thousands: msgspec's structures are made in a sixth of the time that a dataclass takes.
    """

    onset: int
    pitch: int
    duration: int
    velocity: int
    channel: int


@dataclass(frozen=True, slots=True)
class Control:
    """Something that can be turned: where it stands, in words, "" for what is only pushed; controllers that turn it."""

    name: str
    value: str
    controllers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late the note-ons since the start have left.

    Attributes:
        limits_ms: Upper limits of the classes in milliseconds, rising; the last class has none.
        counts: Notes in each class, one more than there are limits.
        worst_ms: Of all messages.

    """

    limits_ms: tuple[float, ...]
    counts: tuple[int, ...]
    worst_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a `play` is doing.

    Attributes:
        pid: The process.
        style: Name of the style; of a mix, all names and weights.
        seed: Of the music at present.
        port: Name of the MIDI port.
        meter: Such as "4/4".
        ticks_per_bar: 24 ticks to the quarter note.
        ticks_per_beat: The same, of the beat that a musician counts.
        time: Where the music is.
        past: Notes of the last two bars and this one that have ended.
        sounding: Notes that sound, with the length that they are to have.
        coming: Notes that are made and have not begun, as the network made them (not yet swung, say).
        controls: What can be turned; empty where the style has no knobs.
        lateness: How late notes have left.
        notes: Note-ons sent so far.
        late_notes: Notes that the engine made too late.
        missed_notes: Notes that it made so late that they were left out.
        rests: How often the engine failed or was too slow, and the music rested to the next bar line.
        ahead_ticks: Ticks of music that are made beyond the position.

    """

    pid: int
    style: str
    seed: int
    port: str
    meter: str
    ticks_per_bar: int
    ticks_per_beat: int
    time: Time
    past: tuple[RollNote, ...]
    sounding: tuple[RollNote, ...]
    coming: tuple[RollNote, ...]
    controls: tuple[Control, ...]
    lateness: Lateness
    notes: int
    late_notes: int
    missed_notes: int
    rests: int
    ahead_ticks: int


def encode(snapshot: Snapshot) -> bytes:
    """Return the snapshot as one line of JSON, its end included."""
    return msgspec.json.encode(snapshot) + b"\n"


def decode(line: bytes) -> Snapshot:
    """Read a line that `encode` made.

    Raises:
        MissingError: If it is something else.

    """
    try:
        return msgspec.json.decode(line, type=Snapshot)
    except msgspec.MsgspecError as error:
        raise MissingError(f"what plays is of another version ({error}): use one version for both") from error
