"""The clef of each bar of a staff: the hand's own, or the other one where ledger lines would pile up."""

from collections.abc import Sequence
from typing import Final

from lstm_composer.runtime.music.pitches import LETTERS_BY_FIFTHS, SEMITONES
from lstm_composer.runtime.score.bars import notes_by_bar
from lstm_composer.runtime.score.written import Bar, ClefSign, WrittenNote

_LINES: Final[dict[ClefSign, tuple[int, int]]] = {"G": (30, 38), "F": (18, 26)}
"""The lowest and the highest line, E4 to F5 and G2 to A3, in steps of the scale from C0."""
_CHANGE: Final = 10.0
"""What a change of clef costs: as much as a bar with most of its notes on three ledger lines."""
_FULL: Final = 4
"""So many notes make a bar a full one."""
_STEPS: Final = {
    semitones: step for step, semitones in enumerate(sorted(SEMITONES[letter] for letter in LETTERS_BY_FIFTHS))
}


def clefs_of(notes: Sequence[WrittenNote], bars: Sequence[Bar], usual: ClefSign) -> list[ClefSign]:
    """Return the clef of each bar: the cheapest choice for all bars together.

    Args:
        notes: Those of the staff.
        bars: All bars.
        usual: The clef to begin with, and for bars without notes.

    """
    paths: dict[ClefSign, tuple[float, list[ClefSign]]] = {
        clef: (0.0 if clef == usual else _CHANGE / 2, []) for clef in _LINES
    }
    for struck in notes_by_bar(notes, bars):
        costs = {clef: _cost(struck, clef) for clef in _LINES}
        paths = {
            clef: min(
                (cost + costs[clef] + (_CHANGE if clefs and clefs[-1] != clef else 0.0), [*clefs, clef])
                for cost, clefs in paths.values()
            )
            for clef in _LINES
        }
    return min(paths.values())[1]


def _cost(notes: Sequence[WrittenNote], clef: ClefSign) -> float:
    """Return how hard a bar is to read: two ledger lines are easy, each more counts for more."""
    if not notes:
        return 0.0
    hardness = [max(0, ledger_lines(note.pitch, clef) - 1) ** 2 for note in notes]
    return sum(hardness) / len(hardness) * min(len(hardness), _FULL)


def ledger_lines(pitch: int, clef: ClefSign) -> int:
    """Return how many ledger lines a pitch needs; a black key counts as the white one below it."""
    octave, semitones = divmod(pitch, 12)
    step = 7 * (octave - 1) + max(step for semitone, step in _STEPS.items() if semitone <= semitones)
    lowest, highest = _LINES[clef]
    return max(0, (lowest - step) // 2, (step - highest) // 2)
