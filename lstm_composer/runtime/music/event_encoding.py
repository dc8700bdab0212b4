"""Notes as network events, and back.

An event is one note as four class numbers: how long after the previous onset it starts (`delta`), which `pitch`,
how long it lasts (`duration`) and how loud it is (`velocity`). Deltas and durations live on a ladder of tick
values that is dense where music is (every tick up to a half note) and coarse for long values.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Meter, Note, without_overlaps

HEADS: Final = ("delta", "pitch", "duration", "velocity")
STEERED: Final = ("delta", "pitch", "duration")
"""Heads that an event graph takes a bias for, in nats, before it chooses."""
PITCHES: Final = 128
VELOCITY_STEP: Final = 4
VELOCITY_BINS: Final = 128 // VELOCITY_STEP
LADDER: Final[tuple[int, ...]] = (*range(49), *range(50, 97, 2), *range(102, 193, 6), *range(204, 385, 12))
"""Tick values: every tick to a half note, then steps of 2 to a whole note, 6 to two and 12 to four whole notes."""

SILENT: Final = -LADDER[-1]
"""`remaining` ticks of a pitch that has not sounded for a long time, the lowest that the network is shown."""
DELTA_END: Final = len(LADDER)
"""The delta class that ends a piece instead of starting a note."""
DELTA_CLASSES: Final = len(LADDER) + 1
DURATION_CLASSES: Final = len(LADDER)

METERS: Final = (
    *("2/4", "3/4", "4/4", "5/4", "6/4", "2/2", "3/2", "4/2"),
    *("3/8", "4/8", "5/8", "6/8", "7/8", "9/8", "12/8", "6/16", "9/16", "12/16"),
)
METER_OTHER: Final = len(METERS)
METER_CLASSES: Final = len(METERS) + 1


@dataclass(frozen=True, slots=True)
class Event:
    """One network event as class numbers.

    Attributes:
        delta: 0..DELTA_CLASSES-1, index into LADDER, or DELTA_END; DELTA_CLASSES means "start of a piece".
        pitch: 0..127; 128 in the start event.
        duration: 0..DURATION_CLASSES-1, index into LADDER; DURATION_CLASSES in the start event.
        velocity: 0..31; 32 in the start event, or where the loudness is not known.

    """

    delta: int
    pitch: int
    duration: int
    velocity: int


START: Final = Event(DELTA_CLASSES, PITCHES, DURATION_CLASSES, VELOCITY_BINS)
"""What the network is given before the first note of a piece."""
END: Final = Event(DELTA_END, PITCHES, DURATION_CLASSES, VELOCITY_BINS)
"""What ends a piece; only its delta class carries meaning."""


def vocabulary() -> dict[str, object]:
    """Everything that gives class numbers their meaning, as a run and a bundle keep it."""
    return {
        "name": "stream",
        "ticks_per_quarter": TICKS_PER_QUARTER,
        "ladder": list(LADDER),
        "pitches": PITCHES,
        "velocity_bins": VELOCITY_BINS,
        "meters": list(METERS),
    }


def ladder_class(ticks: int) -> int:
    """Index of the ladder value nearest to `ticks` (the smaller one of two equally near)."""
    above = bisect_left(LADDER, ticks)
    if above == len(LADDER):
        return above - 1
    if above == 0 or LADDER[above] - ticks < ticks - LADDER[above - 1]:
        return above
    return above - 1


def duration_class(ticks: int) -> int:
    """Index of the ladder value nearest to a duration; never the 0 of the ladder, since a note lasts."""
    return max(1, ladder_class(ticks))


def velocity_class(velocity: int) -> int:
    """Bin 0..31 of a MIDI velocity 1..127."""
    return velocity // VELOCITY_STEP


def velocity_of(velocity_bin: int) -> int:
    """MIDI velocity at the middle of a bin: 2, 6 .. 126."""
    return velocity_bin * VELOCITY_STEP + VELOCITY_STEP // 2


def meter_class(meter: Meter) -> int:
    """Index into METERS, or METER_OTHER."""
    name = str(meter)
    return METERS.index(name) if name in METERS else METER_OTHER


def decode(events: Iterable[Event], start: int = 0) -> list[Note]:
    """Turn events into notes whose first delta counts from position `start`; stops at an end event."""
    notes: list[Note] = []
    onset = start
    for event in events:
        if event.delta == DELTA_END:
            break
        onset += LADDER[event.delta]
        notes.append(Note(onset, event.pitch, LADDER[event.duration], velocity_of(event.velocity)))
    return notes


def floor_class(ticks: int) -> int:
    """Index of the largest ladder value that is not above `ticks`."""
    return bisect_right(LADDER, ticks) - 1


def quantise(notes: Iterable[Note], start: int = 0) -> list[Note]:
    """Move notes to the grid: the notes that `decode(encode(notes))` gives.

    Each onset goes to the ladder value nearest to its distance from the onset before it *on the grid*, so that
    roundings do not add up. A rest longer than the ladder (four whole notes) becomes its longest value, and the music
    behind it moves up. A pitch never overlaps itself, also after rounding.
    """
    placed: list[Note] = []
    written, silence_cut = start, 0
    for note in without_overlaps(notes):
        wanted = max(0, note.onset - silence_cut - written)
        silence_cut += max(0, wanted - LADDER[-1])
        written += LADDER[ladder_class(wanted)]
        duration = LADDER[duration_class(note.duration)]
        velocity = velocity_of(velocity_class(note.velocity))
        placed.append(Note(written, note.pitch, duration, velocity))
    return [replace(note, duration=LADDER[floor_class(note.duration)]) for note in without_overlaps(placed)]


def encode(notes: Sequence[Note], start: int = 0) -> list[Event]:
    """Turn notes into events, moving them to the grid first; `decode` is the exact inverse for notes on the grid.

    Raises:
        ValueError: If a note starts before `start`.

    """
    if notes and min(notes).onset < start:
        raise ValueError(f"a note starts at tick {min(notes).onset}, before the start of the piece at {start}")
    events: list[Event] = []
    onset = start
    for note in quantise(notes, start):
        delta = ladder_class(note.onset - onset)
        events.append(Event(delta, note.pitch, duration_class(note.duration), velocity_class(note.velocity)))
        onset = note.onset
    return events
