"""Beams: short notes of one beat hang together, and plain eighths of two or three beats."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from lstm_composer.runtime.score.bars import beam_groups, beam_unions
from lstm_composer.runtime.score.written import BEAMED, Bar, Symbol, Voice


def beamed(voice: Voice, bar: Bar) -> Voice:
    """Return a voice with its beams. Rests, and notes that reach across a beat, end a beam."""
    symbols = list(voice)
    for group in _groups(voice, bar):
        for place, index in enumerate(group):
            symbols[index] = replace(symbols[index], beams=_beams([symbols[one] for one in group], place))
    return tuple(_without_bracket(symbols))


def _without_bracket(symbols: Sequence[Symbol]) -> Iterator[Symbol]:
    """Leave the bracket of a tuplet out that one beam joins from the first note to the last."""
    for index, symbol in enumerate(symbols):
        if symbol.edge == "start" and symbol.beams[:1] in (("begin",), ("continue",)):
            rest = symbols[index + 1 :]
            last = next((place for place, one in enumerate(rest) if one.edge == "stop"), 0)
            joined = [one.beams[:1] for one in rest[: last + 1]]
            if all(beam == ("continue",) for beam in joined[:-1]) and joined[-1] in (("continue",), ("end",)):
                yield replace(symbol, has_bracket=False)
                continue
        yield symbol


def _groups(voice: Voice, bar: Bar) -> Iterator[list[int]]:
    """Yield the places of notes that one beam joins, two at least."""
    for start, end in _stretches(voice, bar):
        group: list[int] = []
        for index, symbol in enumerate(voice):
            is_inside = start <= symbol.start - bar.start and symbol.end - bar.start <= end
            if is_inside and symbol.notes and symbol.value in BEAMED:
                group.append(index)
            elif len(group) > 1:
                yield group
                group = []
            else:
                group = []
        if len(group) > 1:
            yield group


def _stretches(voice: Voice, bar: Bar) -> list[tuple[int, int]]:
    """Return what is beamed by itself, with what may be put together put together."""
    unions = [union for union in beam_unions(bar.meter) if _is_plain(voice, bar, *union)]
    single = [group for group in beam_groups(bar.meter) if not any(start <= group[0] < end for start, end in unions)]
    return [*unions, *single]


def _is_plain(voice: Voice, bar: Bar, start: int, end: int) -> bool:
    """Tell whether a stretch of a bar has nothing in it but eighths, all of them."""
    inside = [symbol for symbol in voice if symbol.end - bar.start > start and symbol.start - bar.start < end]
    return bool(inside) and all(
        (symbol.value, symbol.dots, symbol.tuplet) == ("eighth", 0, None) and symbol.notes for symbol in inside
    )


def _beams(group: Sequence[Symbol], place: int) -> tuple[str, ...]:
    """Return what each beam does at a place of a group."""
    counts = [BEAMED[symbol.value] for symbol in group]
    before = counts[place - 1] if place else 0
    after = counts[place + 1] if place + 1 < len(group) else 0
    return tuple(_beam(level, before, after) for level in range(1, counts[place] + 1))


def _beam(level: int, before: int, after: int) -> str:
    match before >= level, after >= level:
        case True, True:
            return "continue"
        case True, False:
            return "end"
        case False, True:
            return "begin"
    return "backward hook" if before else "forward hook"
