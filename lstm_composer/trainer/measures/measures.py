"""The standing measures of a piece, by name, as one flat table."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.event_encoding import VELOCITY_STEP
from lstm_composer.runtime.music.notes import Note
from lstm_composer.trainer.measures.chords import STUCK, longest_chord
from lstm_composer.trainer.measures.passage import Passage, lay_out
from lstm_composer.trainer.measures.returns import returns_of
from lstm_composer.trainer.measures.tonality import tonality_of
from lstm_composer.trainer.measures.windows import WindowRange

MEASURES: Final = {
    "bars_return": "bars that return",
    "phrase_returns": "pieces in which four bars return",
    "in_phrases": "bars in returns of four bars",
    "longest_return": "longest return, bars",
    "loop": "longest loop, share of the piece",
    "endless": "pieces that loop endlessly",
    "main_key": "four-bar windows in the main key",
    "outside_scale": "notes outside the scale",
    "longest_chord": "longest run of one chord, bars",
    "chord_stands": "pieces with one chord for three bars",
    "velocity_spread": "spread of velocity",
    "bad_windows": "16-bar stretches with an unusual window",
}
"""Names of all measures and what to call them in a table."""
STRETCH: Final = 16
"""Bars in a stretch that has an unusual window or not."""


def measures(
    notes: Sequence[Note], meters: int | Sequence[MeterChange], usual: WindowRange | None = None
) -> dict[str, float]:
    """Measure a piece or an excerpt that begins with a bar; see `measures_of`.

    Args:
        notes: Sorted, at least one.
        meters: Ticks in every bar, or the meters from tick 0 on.
        usual: What windows of its style do; without it there are no `bad_windows`.

    """
    return measures_of(lay_out(notes, meters), usual)


def measures_of(passage: Passage, usual: WindowRange | None = None) -> dict[str, float]:
    """Measure a passage: shares 0..1, bars, and MIDI velocities in steps of the encoding.

    What a piece has or has not (`phrase_returns`, `endless`, `chord_stands`) is 0 or 1, so that the mean is a share of
    pieces.
    """
    returned, tonality, chord = returns_of(passage), tonality_of(passage), longest_chord(passage)
    velocity = passage.velocity // VELOCITY_STEP * VELOCITY_STEP
    found = {
        "bars_return": returned.bars,
        "phrase_returns": float(returned.phrase),
        "in_phrases": returned.in_phrases,
        "longest_return": float(returned.longest),
        "loop": returned.loop,
        "endless": float(returned.endless),
        "main_key": tonality.main_key,
        "outside_scale": tonality.outside,
        "longest_chord": float(chord),
        "chord_stands": float(chord >= STUCK),
        "velocity_spread": float(velocity.std()) if passage.notes else 0.0,
    }
    return found if usual is None else {**found, "bad_windows": bad_windows(passage, usual)}


def bad_windows(passage: Passage, usual: WindowRange) -> float:
    """Share 0..1 of the stretches of STRETCH bars, side by side, that have a window outside the usual range.

    A passage that is shorter is one stretch; of a longer one a rest is left out.
    """
    outside = usual.outside(passage)
    windows = min(len(outside), STRETCH // 4)
    if not windows:
        return 0.0
    stretches = len(outside) // windows
    return float(np.mean(outside[: stretches * windows].reshape(stretches, windows).any(axis=1)))
