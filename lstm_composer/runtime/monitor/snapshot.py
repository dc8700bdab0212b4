"""What a running `play` is doing at one moment, and the line of JSON that says it to other programs.

A line that comes in may have been made by something else: what is decoded is within the limits given here.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.system.foreign_files import decode_json
from lstm_composer.runtime.system.visible_text import visible

_LARGEST: Final = 2**53
"""Whole numbers up to here are exact in every reader of JSON."""
_NOT_PLAIN: Final = re.compile("[^\x20-\x7e]")

Tick = Annotated[int, msgspec.Meta(ge=-_LARGEST, le=_LARGEST)]
Count = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST)]
Length = Annotated[int, msgspec.Meta(ge=1, le=2**20)]
"""Ticks in a bar or a beat."""
Byte = Annotated[int, msgspec.Meta(ge=0, le=127)]
Seed = Annotated[int, msgspec.Meta(ge=0)]
Channel = Annotated[int, msgspec.Meta(ge=1, le=16)]
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
    tick: Tick
    bar: Count
    beat: Tick


class RollNote(msgspec.Struct, frozen=True, gc=False):
    """A note of the piano roll: onset and duration in ticks, pitch 0..127, velocity 1..127, channel 1..16.

    There may be thousands: msgspec's structures are made in a sixth of the time that a dataclass takes.
    """

    onset: Tick
    pitch: Byte
    duration: Tick
    velocity: Byte
    channel: Channel


@dataclass(frozen=True, slots=True)
class Control:
    """Something that can be turned: where it stands, in words, "" for what is only pushed; controllers that turn it."""

    name: str
    value: str
    controllers: tuple[Byte, ...]


@dataclass(frozen=True, slots=True)
class LatenessHistogram:
    """How late the note-ons since the start have left.

    Attributes:
        limits_ms: Upper limits of the classes in milliseconds, rising; the last class has none.
        counts: Notes in each class, one more than there are limits.
        worst_ms: Of all messages.

    """

    limits_ms: tuple[float, ...]
    counts: tuple[Count, ...]
    worst_ms: float

    def __post_init__(self) -> None:
        """Refuse classes and limits that do not belong together."""
        if len(self.counts) != len(self.limits_ms) + 1 or not self.limits_ms:
            raise ValueError(f"lateness has {len(self.counts)} classes and {len(self.limits_ms)} limits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a `play` is doing.

    Attributes:
        pid: The process.
        style: Name of the style; of a mix, all names and weights.
        seed: Of the music at present.
        port: Name of the MIDI port.
        sounds_here: Whether it has a sound of this computer's own, whose loudness is the control "volume".
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

    pid: Count
    style: str
    seed: Seed
    port: str
    sounds_here: bool = False
    meter: str
    ticks_per_bar: Length
    ticks_per_beat: Length
    time: Time
    past: tuple[RollNote, ...]
    sounding: tuple[RollNote, ...]
    coming: tuple[RollNote, ...]
    controls: tuple[Control, ...]
    lateness: LatenessHistogram
    notes: Count
    late_notes: Count
    missed_notes: Count
    rests: Count
    ahead_ticks: Tick


def encode(snapshot: Snapshot) -> bytes:
    """Return the snapshot as one line of JSON in ASCII, its end included.

    Control characters and everything beyond ASCII are escaped, so that a terminal in any encoding can be shown it. No
    text in it may have bytes that are not UTF-8, as a name on the command line can: such are made visible before.
    """
    return one_line(snapshot)


def one_line(said: object) -> bytes:
    """Return anything that JSON can say as one line of it; see `encode`."""
    text = msgspec.json.encode(said).decode()
    return _NOT_PLAIN.sub(_escaped, text).encode("ascii") + b"\n"


def decode(line: bytes) -> Snapshot:
    """Read a line that `encode` made.

    Raises:
        MissingError: If it is something else.

    """
    try:
        return decode_json(line, Snapshot)
    except InputError as error:
        raise MissingError(
            f"what plays is of another version, its line {visible(str(error))}: use one version for both"
        ) from error


def _escaped(match: re.Match[str]) -> str:
    r"""Spell a character as in JSON, those of more than 16 bits as two: "\u00e9"."""
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
