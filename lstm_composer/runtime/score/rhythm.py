"""Lengths in ticks as written values: dots, ties and triplets, placed as the meter asks.

Every length can be written. Positions are whole ticks, 24 a quarter: what falls on multiples of 3 (32nds) needs no
tuplet, and the rest falls into triplets, of 64ths at the least.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Final

from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Meter
from lstm_composer.runtime.score.bars import Division, division_of
from lstm_composer.runtime.score.written import VALUES, Symbol, Tuplet, Voice, WrittenNote

_STRAIGHT: Final = 3
"""Ticks of a 32nd: what falls on its multiples is written without tuplets."""
_PLAIN: Final = {**{float(ticks): name for name, ticks in VALUES.items()}, 1.5: "64th"}
_DOTTED: Final = {1.5 * ticks: name for name, ticks in VALUES.items()}

Stretch = tuple[int, int, tuple[WrittenNote, ...]]
"""First tick and end, from the beginning of the bar, and what sounds: nothing for a rest."""


@dataclass(frozen=True, slots=True)
class _Window:
    """A stretch of a bar in which three parts stand in the time of two."""

    start: int
    end: int
    tuplet: Tuplet


def written_voice(stretches: Sequence[Stretch], meter: Meter, bar_start: int, *, hides_rests: bool = False) -> Voice:
    """Return the symbols of one voice in one bar.

    Args:
        stretches: One after another without a gap, the first from 0 on.
        meter: What the bar divides by.
        bar_start: The first tick of the bar.
        hides_rests: Whether its rests are to be there without being shown.

    """
    division = division_of(meter)
    ticks = {tick for start, end, _ in stretches for tick in (start, end)}
    # Silence begins anew on each beat: a rest does not make triplets of quarters of two beats.
    for start, end, notes in stretches:
        ticks.update(() if notes else range(start - start % -TICKS_PER_QUARTER, end, TICKS_PER_QUARTER))
    windows = list(_windows(division, sorted(ticks)))
    symbols: list[Symbol] = []
    for start, end, notes in stretches:
        cuts = _cuts(start, end, windows)
        for first, last in pairwise(cuts):
            window = next((one for one in windows if one.start <= first and last <= one.end), None)
            symbols += _symbols(division, first, last, notes, window)
    return tuple(
        replace(symbol, start=symbol.start + bar_start, is_visible=bool(symbol.notes) or not hides_rests)
        for symbol in _with_edges(symbols, windows)
    )


def whole_bar_rest(start: int, end: int, *, is_visible: bool = True) -> Voice:
    """Return the voice that rests for a whole bar, however long that is."""
    return (Symbol(start, end - start, "", is_visible=is_visible),)


def _windows(division: Division, ticks: Sequence[int]) -> Iterator[_Window]:
    """Yield the stretches that need triplets, the largest that will do, given where symbols begin and end."""
    start, end = division.start, division.end
    inside = [tick for tick in ticks if start < tick < end]
    if all(tick % _STRAIGHT == 0 for tick in inside):
        return
    length = division.length
    if len(division.parts) == 2 and division.is_even and length in _PLAIN:
        tuplet = _tuplet(length, {tick - start for tick in inside})
        if tuplet is not None:
            yield _Window(round(start), round(end), tuplet)
            return
    for part in division.parts:
        yield from _windows(part, ticks)


def _tuplet(length: float, inside: set[float]) -> Tuplet | None:
    """Return the tuplet that a stretch is best written as: none where its halves are better written by themselves.

    Args:
        length: Of the stretch, in ticks.
        inside: Where symbols begin or end in it, from its beginning.

    """
    third = length / 3
    has_thirds = {third, 2 * third} <= inside and length <= TICKS_PER_QUARTER
    if length / 2 in inside and not has_thirds:
        return None
    is_by_thirds = all(tick % third == 0 for tick in inside)
    if is_by_thirds or (has_thirds and all(tick % (third / 4) == 0 for tick in inside)):
        return Tuplet(3, 2, _PLAIN[length / 2])
    is_by_sixths = all(tick % (third / 2) == 0 for tick in inside)
    return Tuplet(6, 4, _PLAIN[length / 4]) if is_by_sixths and length >= TICKS_PER_QUARTER / 2 else None


def _cuts(start: int, end: int, windows: Iterable[_Window]) -> list[int]:
    """Return where a length is cut because it reaches into tuplets: with its own two ends."""
    cuts = {start, end}
    for window in windows:
        if window.start < start < window.end < end:
            cuts.add(window.end)
        if start < window.start < end < window.end:
            cuts.add(window.start)
    return sorted(cuts)


def _symbols(
    division: Division, start: int, end: int, notes: tuple[WrittenNote, ...], window: _Window | None
) -> Iterator[Symbol]:
    """Yield the symbols of a length that lies within a tuplet, or in none; tied where it takes several."""
    if window is None:
        for first, last in spelled(division, start, end, is_rest=not notes):
            value, dots = _value(last - first)
            yield Symbol(round(first), round(last - first), value, dots, notes)
        return
    inner = _triplet(window.end - window.start)
    stretched = [1.5 * (tick - window.start) for tick in (start, end)]
    for first, last in spelled(inner, stretched[0], stretched[1], is_rest=not notes):
        value, dots = _value(last - first)
        yield Symbol(window.start + round(first / 1.5), round((last - first) / 1.5), value, dots, notes, window.tuplet)


@cache
def _triplet(length: int) -> Division:
    """Return how a tuplet divides that fills so many ticks, in ticks as they are written: half as many again."""
    part = length / 2
    parts = tuple(Division(part * index, part * (index + 1), is_beat=True) for index in range(3))
    return Division(0, 3 * part, parts, is_beat=True)


def _value(ticks: float) -> tuple[str, int]:
    return (_PLAIN[ticks], 0) if ticks in _PLAIN else (_DOTTED[ticks], 1)


def spelled(division: Division, start: float, end: float, *, is_rest: bool) -> list[tuple[float, float]]:
    """Cut a length into pieces that each have a written value and leave the beats to be seen.

    Args:
        division: How the time around it divides.
        start: In ticks, on the scale of the division.
        end: The same.
        is_rest: Whether it is silence, which is cut at more places.

    """
    for part in division.parts:
        if part.start <= start and end <= part.end:
            return spelled(part, start, end, is_rest=is_rest)
    if (_rest_is_plain if is_rest else _note_is_plain)(division, start, end):
        return [(start, end)]
    edges = [part.start for part in division.parts]
    inside = [edge for edge in edges if start < edge < end]
    cut = inside[0]
    if not is_rest and start in edges:
        cut = next((edge for edge in reversed(inside) if _note_is_plain(division, start, edge)), cut)
    return [
        *spelled(division, start, cut, is_rest=is_rest),
        *spelled(division, cut, end, is_rest=is_rest),
    ]


def _has_value(ticks: float) -> bool:
    return ticks in _PLAIN or ticks in _DOTTED


def _rest_is_plain(division: Division, start: float, end: float) -> bool:
    """Tell whether a rest may stand as it is: all of a division, or the first two thirds of a beat."""
    if not _has_value(end - start):
        return False
    if (start, end) == (division.start, division.end):
        return True
    is_third = division.is_beat and len(division.parts) == 3
    return is_third and start == division.start and end == division.parts[1].end


def _note_is_plain(division: Division, start: float, end: float) -> bool:
    """Tell whether a note that crosses parts may stand as it is, without hiding where they begin."""
    length = end - start
    if not _has_value(length):
        return False
    edges = {division.start, division.end, *(part.end for part in division.parts)}
    if start in edges and end in edges:
        return True
    part = division.parts[0].length if division.parts and division.is_even else 0
    if part not in _PLAIN:
        return False
    if start in edges and length == 1.5 * part:  # a dotted note and what completes it
        return True
    if length == part and start + part / 2 in edges:  # a syncopation in the middle of two parts
        return True
    return len(division.parts) == 2 and end == division.end and length == 1.5 * part


def _with_edges(symbols: Sequence[Symbol], windows: Iterable[_Window]) -> list[Symbol]:
    """Mark where each tuplet begins and ends."""
    marked = list(symbols)
    for window in windows:
        inside = [index for index, one in enumerate(symbols) if window.start <= one.start < window.end]
        if len(inside) > 1:
            marked[inside[0]] = replace(marked[inside[0]], edge="start")
            marked[inside[-1]] = replace(marked[inside[-1]], edge="stop")
    return marked
