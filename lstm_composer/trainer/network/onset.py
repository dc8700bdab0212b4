"""What the network of preset `stream` sees at an onset: planes of what sounds, and features of it around a pitch."""

from typing import Any, NamedTuple

import numpy as np
from keras import ops
from numpy.typing import NDArray

from lstm_composer.runtime.music.event_encoding import DELTA_CLASSES, LADDER, PITCHES, SILENT
from lstm_composer.trainer.network.layers import look_up

Tensor = Any
FADES = (24, 96, 384)
"""Ticks for which a pitch that has ended is still shown, ever more faintly: a quarter, a bar and four bars of 4/4."""
ENDINGS = (12, 48)
"""Ticks in which the planes of how soon a pitch ends fall to 1/e."""
PLANES = 1 + len(FADES) + len(ENDINGS)
FIRST_PLANE = SILENT - LADDER[-1]
"""What remains, at the lowest, of a pitch when the longest time has passed since the onset before."""
CHORD = 4
"""Notes of a common chord: planes are summed in this unit."""
FORBIDDEN = -20.0
"""Added to the logit of a pitch that the encoding rules out; finite, so that one odd event costs 20 nats, not all."""


class Onset(NamedTuple):
    """The onset of the note to choose, as pitch, duration and velocity are told of it.

    Attributes:
        delta: [...], class of the time since the onset before.
        position: [...], ticks since the bar line.
        sounding: [..., 128], ticks for which each pitch still sounds; 0 and below: since when it does not.
        pitch_features: [..., 128, PLANES], features of each pitch, see `plane_table`.
        total: [..., PLANES], the planes summed over all pitches: how many sound, how many will end soon.
        pitch_context: [..., SURROUNDINGS, pitches], features of what sounds around each pitch: of all pitches, or with
            a memory of the keys of a piano, those of others being 0.
        first: The first of these pitches.

    """

    delta: Tensor
    position: Tensor
    sounding: Tensor
    pitch_features: Tensor
    total: Tensor
    pitch_context: Tensor
    first: int

    def gather_pitch(self, pitch: Tensor) -> list[Tensor]:
        """Return the features of the surroundings of one pitch [...], and the sums of all planes there.

        [..., SURROUNDINGS] and twice [..., PLANES]: the sums over all pitches, and over those below it (which voice is
        it?).
        """
        # Products and not look-ups: one node each in the exported graph, and a cheap gradient. Their tables have a row
        # more for the end event, which has no pitch.
        is_pitch = np.eye(PITCHES + 1, dtype=np.float32)[
            :, self.first : self.first + self.pitch_context.shape[-1], None
        ]
        is_below = np.tri(PITCHES + 1, PITCHES, -1, dtype=np.float32)[:, None] / CHORD
        near = ops.matmul(self.pitch_context, look_up(ops.convert_to_tensor(is_pitch), pitch))
        below = ops.matmul(look_up(ops.convert_to_tensor(is_below), pitch), self.pitch_features)
        return [ops.squeeze(near, -1), self.total, ops.squeeze(below, -2)]


def pitch_planes(remaining: Tensor) -> Tensor:
    """Look up the planes of the ticks [..., 128] that remain of each pitch: [..., 128, PLANES]."""
    return look_up(ops.convert_to_tensor(plane_table()), remaining - FIRST_PLANE)


def plane_table() -> NDArray[np.float32]:
    """What is shown of a pitch by the ticks that remain of it: [ticks, PLANES], from FIRST_PLANE up to LADDER[-1].

    In this order: whether it sounds; how lately it did, once for each of FADES (1: up to now); how soon it will end,
    once for each of ENDINGS (1: now).
    """
    remaining = np.arange(FIRST_PLANE, LADDER[-1] + 1)
    sounds = remaining > 0
    lately = [np.where(sounds, 0, np.maximum(0, 1 + remaining / ticks)) for ticks in FADES]
    soon = [np.where(sounds, np.exp(-np.abs(remaining) / ticks), 0) for ticks in ENDINGS]
    # Through half floats, which is how bundles store it.
    return np.stack([sounds, *lately, *soon], axis=-1).astype(np.float16).astype(np.float32)


def in_chord(delta: Tensor) -> Tensor:
    """Tell whether a note comes with the one before it, 0 or 1 [..., 1]; by a table, as `too_low`."""
    is_so = np.arange(DELTA_CLASSES + 1)[:, None] == 0
    return look_up(ops.convert_to_tensor(is_so, dtype="float32"), delta)


def too_low(previous_pitch: Tensor) -> Tensor:
    """FORBIDDEN for the pitches that are not above the one before, else 0: [..., 1, 128]."""
    # By a table, because a look-up costs the exported graph no more than a sum.
    rows = np.tri(PITCHES + 1, PITCHES)
    rows[PITCHES] = 0  # above the start event, which has no pitch
    return look_up(ops.convert_to_tensor(FORBIDDEN * rows[:, None], dtype="float32"), previous_pitch)


def over_all_pitches(values: Tensor, first: int) -> Tensor:
    """Add zeros to values [..., pitches] of the pitches from `first` on: [..., 128]."""
    unchanged = [(0, 0)] * (len(values.shape) - 1)
    return ops.pad(values, [*unchanged, (first, PITCHES - first - values.shape[-1])])
