"""Which hand plays what: by what a hand can reach while it holds other keys, not by a fixed pitch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Final

from lstm_composer.runtime.music.notes import Note

MIDDLE_C: Final = 60
_EASY_SEMITONES, _WIDE_SEMITONES = 12, 16
"""An octave lies under every hand; more than a tenth lies under none."""
_FINGERS: Final = 5
_LEGATO_TICKS: Final = 5
"""A key that is let go so soon after the next one is struck is not held beside it."""
_STRETCH, _TOO_WIDE, _CROSSING, _FINGER, _REGISTER, _MOVE, _HANDOVER = 0.7, 4.0, 0.5, 5.0, 0.15, 0.08, 1.5
"""What a semitone beyond an octave costs a hand, one beyond a tenth, one by which hands cross, a finger too many, a
semitone on the other hand's side of middle C, a semitone that a hand moves, and a line that changes hands."""
_LINE_TICKS, _LINE_SEMITONES = 12, 12
"""Single notes no further apart than this are a line, which one hand plays."""
_ONE_LINE_LOWEST, _ONE_LINE_WIDEST = 55, 31
"""From the violin's lowest string, a line of two octaves and a half can be read on one staff."""


@dataclass(frozen=True, slots=True)
class _Hand:
    """What a hand does: where it is, and which keys it holds down."""

    middle: float
    held: tuple[Note, ...] = ()

    def after(self, onset: int, struck: Sequence[Note]) -> "_Hand":
        held = tuple(note for note in self.held if note.end > onset + _LEGATO_TICKS)
        if not struck:
            return replace(self, held=held)
        return _Hand((struck[0].pitch + struck[-1].pitch) / 2, (*held, *struck))


@dataclass(frozen=True, slots=True)
class _Path:
    """One way to have played everything so far.

    Attributes:
        cost: How awkward it was.
        left: The left hand.
        right: The right hand.
        before: The way up to the onset before.
        split: How many notes of the last onset the left hand took.
        last: The note of the last onset, if it was alone there, and its split.

    """

    cost: float
    left: _Hand
    right: _Hand
    before: "_Path | None" = None
    split: int = 0
    last: tuple[Note, int] | None = None


def is_one_line(notes: Sequence[Note]) -> bool:
    """Tell whether music is one line that a single staff holds: never two notes at a time, and not too wide."""
    ordered = sorted(notes)
    if not ordered:
        return True
    for note, following in pairwise(ordered):
        if following.onset == note.onset or note.end > following.onset + _LEGATO_TICKS:
            return False
    pitches = [note.pitch for note in ordered]
    lowest, highest = min(pitches), max(pitches)
    return highest - lowest <= _ONE_LINE_WIDEST and (lowest >= _ONE_LINE_LOWEST or highest <= MIDDLE_C + 4)


def left_hand(notes: Iterable[Note]) -> set[Note]:
    """Return the notes that the left hand plays.

    At each onset the left hand takes the lowest notes, none or all or some. The cheapest way through the whole piece is
    taken: hands that do not stretch, cross or jump more than they must. For each split of an onset only the best way
    to it is followed, with what the hands hold then.
    """
    groups = [list(group) for _, group in groupby(sorted(notes), key=attrgetter("onset"))]
    paths = [_Path(0.0, _Hand(MIDDLE_C - 12), _Hand(MIDDLE_C + 12))]
    for group in groups:
        paths = [min((_played(path, group, split) for path in paths), key=_cost) for split in range(len(group) + 1)]
    taken: set[Note] = set()
    path: _Path | None = min(paths, key=_cost)
    for group in reversed(groups):
        if path is not None:
            taken.update(group[: path.split])
            path = path.before
    return taken


_cost = attrgetter("cost")


def _played(path: _Path, group: Sequence[Note], split: int) -> _Path:
    onset = group[0].onset
    low, high = group[:split], group[split:]
    left, right = path.left.after(onset, low), path.right.after(onset, high)
    cost = path.cost + _reach(left) + _reach(right) + _crossed(left, right)
    cost += sum(_REGISTER * max(0, note.pitch - MIDDLE_C) for note in low)
    cost += sum(_REGISTER * max(0, MIDDLE_C - note.pitch) for note in high)
    cost += _HANDOVER * _changes_hands(path, group, split)
    cost += _MOVE * (abs(left.middle - path.left.middle) + abs(right.middle - path.right.middle))
    return _Path(cost, left, right, path, split, (group[0], split) if len(group) == 1 else None)


def _changes_hands(path: _Path, group: Sequence[Note], split: int) -> bool:
    """Tell whether a note and the one before it, both alone at their onsets and close together, are in two hands."""
    before = path.last
    if len(group) > 1 or before is None or before[1] == split:
        return False
    note, last = group[0], before[0]
    return note.onset - last.onset <= _LINE_TICKS and abs(note.pitch - last.pitch) <= _LINE_SEMITONES


def _reach(hand: _Hand) -> float:
    if len(hand.held) < 2:
        return 0.0
    pitches = [note.pitch for note in hand.held]
    span = max(pitches) - min(pitches)
    stretch = _STRETCH * max(0, span - _EASY_SEMITONES) + _TOO_WIDE * max(0, span - _WIDE_SEMITONES)
    return stretch + _FINGER * max(0, len(pitches) - _FINGERS)


def _crossed(left: _Hand, right: _Hand) -> float:
    if not left.held or not right.held:
        return 0.0
    return _CROSSING * max(0, 2 + max(note.pitch for note in left.held) - min(note.pitch for note in right.held))
