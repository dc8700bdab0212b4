"""The accents of a meter: how much louder or softer than an even note one is at its place in the bar."""

from functools import cache
from typing import Final

from lstm_composer.runtime.music.notes import Meter

DOWNBEAT: Final = 24
"""Steps of velocity 1..127; so are the others."""
STRONG_BEAT: Final = 12
WEAK_BEAT: Final = 0
OFF_BEAT: Final = -8
BETWEEN: Final = -14
_STRONG: Final = {5: (3,), 7: (2, 4), 9: (3, 6)}
"""Strong beats, from 0, of bars that do not fall into halves: three and two, two and two and three, three threes."""
_HALVED_FROM: Final = 4
"""Beats of a bar whose second half begins with a strong beat; two beats, or three, have one downbeat and no more."""


def accent(tick: int, meter: Meter) -> int:
    """Return by how many steps of velocity a note at a position is to be louder, in bars counted from position 0.

    The downbeat is the loudest, then the other strong beats (the third of 4/4, the fourth of 6/4), then the weak ones;
    softer is what comes on the halves of a beat, or the thirds of one that is dotted, and what comes between softest.
    """
    return _accents(meter)[tick % meter.ticks_per_bar]


@cache
def _accents(meter: Meter) -> tuple[int, ...]:
    return tuple(_at(place, meter) for place in range(meter.ticks_per_bar))


def _at(place: int, meter: Meter) -> int:
    number, rest = divmod(place, meter.ticks_per_beat)
    if rest:
        parts = 3 if meter.is_compound else 2
        return OFF_BEAT if rest * parts % meter.ticks_per_beat == 0 else BETWEEN
    if number == 0:
        return DOWNBEAT
    return STRONG_BEAT if number in _strong_beats(meter.ticks_per_bar // meter.ticks_per_beat) else WEAK_BEAT


def _strong_beats(beats: int) -> tuple[int, ...]:
    halves = (beats // 2,) if beats >= _HALVED_FROM and beats % 2 == 0 else ()
    return _STRONG.get(beats, halves)
