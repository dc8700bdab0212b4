"""What can be turned while the music plays, and what each turn asks of the network."""

import math
from dataclasses import dataclass, replace

from runtime.errors import InputError
from runtime.graph.inputs import WHOLE, Controls, Register, pitch_bias
from runtime.music.event_encoding import DELTA_CLASSES, HEADS, LADDER
from runtime.music.key_estimation import profile_of
from runtime.music.notes import TICKS_PER_QUARTER
from runtime.music.piece_keys import key_number
from runtime.music.piece_memory import NO_KEY, RECALL_LENGTHS
from runtime.music.scales import pitch_classes

DENSITY_NATS = 1.5
"""Nats by which density 1 favours an onset over one that comes twice as late."""
RECALL_NATS = 3.0
"""Nats by which returns 1 favours what the past of the piece suggests more than the style does: `Controls.recall`."""
KEY_NATS = 0.25
"""Nats for each standard deviation of the profile of the key that is set, for networks with a memory.

Profiles are in runtime/music/key_estimation.py.

To forbid the notes of other keys is not enough: C minor has those of Eb major, and music that has begun there stays.
"""
HALF_MATCH = 4
"""Events of agreement with the past after which its going on is favoured half as much as after many."""
LONGEST_OCTAVES = 3.0
"""Doublings of an eighth's distance beyond which density makes no further difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """All that can be turned, at their places.

    Attributes:
        style: Weight of each of the bundle's styles; they add up to 1.
        style_strength: 0..3: 1 as learned, 0 what all styles have in common, more for more of the style.
        temperature: One per head (delta, pitch, duration, velocity), 0..5.
        min_p: 0..1.
        density: -1 (few onsets) to 1 (many); 0 as learned.
        register: Lowest and highest pitch, 0..127; the whole range leaves it to the style.
        key: The key that the pitches are held to, as in "F# minor"; None for none, so that a piece keeps its own.
        velocity: The velocity around which the notes are played, 1..127; None as the network has them.
        velocity_range: How far velocities keep from that: 0 all alike, 1 as the network has them, 2 twice as far.
        accents: 0 (as made) to 1 (the accents of the meter are clear).
        swing: 0 (straight) to 1 (the off-beat eighth at two thirds).
        humanise: 0 (every note on its time, as loud as made) to 1 (up to 30 ms late, and a little louder or softer).
        mute: Whether notes are left out; those that sound are ended as written.
        variation: By how much music that comes again differs, 0 (note for note) to 1.
        returns: -1 (little of the piece comes back) to 1 (much); 0 as the style is used to. For networks that remember.
        hold: How many bars are repeated, 0 for none.
        volume: How loud the sound here is, 0 to 1; what leaves by MIDI is not changed.

    """

    style: tuple[float, ...]
    style_strength: float = 1.0
    temperature: tuple[float, float, float, float]
    min_p: float
    density: float = 0.0
    register: Register = WHOLE
    key: str | None = None
    velocity: int | None = None
    velocity_range: float = 1.0
    accents: float = 0.0
    swing: float = 0.0
    humanise: float = 0.0
    mute: bool = False
    variation: float = 0.0
    returns: float = 0.0
    hold: int = 0
    volume: float = 1.0

    def controls(self, before: Controls) -> Controls:
        """Return what the network is asked for: the controls of before with these knobs' values.

        Raises:
            InputError: If no pitch of the key lies in the register.

        """
        return replace(
            before,
            style=self.style,
            style_strength=self.style_strength,
            temperature=self.temperature,
            min_p=self.min_p,
            key=before.key if self.key is None else key_number(self.key),
            recall=self._recall(before.recall),
            delta_bias=self._delta_bias(),
            pitch_bias=self._pitch_bias(before),
        )

    def _recall(self, before: tuple[float, ...]) -> tuple[float, ...]:
        """More of going on the longer the past has been agreed with, and of beginning."""
        shares = [*(1 - 0.5 ** (length / HALF_MATCH) for length in RECALL_LENGTHS), 1.0, 0.0]
        return tuple(nats + self.returns * RECALL_NATS * share for nats, share in zip(before, shares, strict=True))

    def _pitch_bias(self, before: Controls) -> tuple[float, ...] | None:
        lowest, highest = before.register_of(self.style) if self.register == WHOLE else self.register
        allowed = pitch_classes(self.key) if self.key else frozenset(range(12))
        if not any(pitch % 12 in allowed for pitch in range(lowest, highest + 1)):
            raise InputError(f"no note of {self.key} lies between {lowest} and {highest}: widen the register")
        bias = pitch_bias(lambda pitch: lowest <= pitch <= highest and pitch % 12 in allowed)
        number = NO_KEY if self.key is None else key_number(self.key)
        if bias is None or number == NO_KEY or not before.has_memory:
            return bias
        lean = KEY_NATS * profile_of(number)
        return tuple(nats + float(lean[pitch % 12]) for pitch, nats in enumerate(bias))

    def _delta_bias(self) -> tuple[float, ...] | None:
        if self.density == 0.0:
            return None
        return tuple(self._delta_nats(LADDER[index]) if index < len(LADDER) else 0.0 for index in range(DELTA_CLASSES))

    def _delta_nats(self, ticks: int) -> float:
        """Nats for a time to the next onset; notes of a chord, 0 ticks apart, are for the harmony to decide."""
        if ticks == 0:
            return 0.0
        octaves = math.log2(ticks / (TICKS_PER_QUARTER / 2))
        return -self.density * DENSITY_NATS * min(max(octaves, -LONGEST_OCTAVES), LONGEST_OCTAVES)


def with_temperature(knobs: Knobs, value: float, head: str | None = None) -> Knobs:
    """Turn the temperature of one head, or of all."""
    if head is None:
        return replace(knobs, temperature=(value, value, value, value))
    delta, pitch, duration, velocity = (
        value if one == head else before for one, before in zip(HEADS, knobs.temperature, strict=True)
    )
    return replace(knobs, temperature=(delta, pitch, duration, velocity))
