"""The parameters that a performer can set while the music plays."""

from dataclasses import dataclass, replace
from typing import Any

from lstm_composer.runtime.music.event_encoding import HEADS, PITCHES

Register = tuple[int, int]
WHOLE: Register = (0, PITCHES - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The values of all parameters; their ranges, their names elsewhere and the rest are in `runtime.parameters.table`.

    Attributes:
        style: Weight of each of the bundle's styles; they add up to 1.
        style_strength: 1 as learned, 0 what all styles have in common, more for more of the style.
        temperature: One per head (delta, pitch, duration, velocity): 0 is the likeliest, 1 as learned.
        min_p: Leaves out what is unlikelier than this share of the likeliest.
        density: -1 (few onsets) to 1 (many); 0 as learned.
        register: Lowest and highest pitch, 0..127; the whole range leaves it to the style.
        key: The key that the pitches are held to, as in "F# minor"; None for none, so that a piece keeps its own.
        velocity: The velocity around which the notes are played, 1..127; None as the network has them.
        velocity_range: How far velocities keep from that: 0 all alike, 1 as the network has them, 2 twice as far.
        accents: 0 (as made) to 1 (the accents of the meter are clear).
        transpose: By how many semitones all that is played is shifted, -24..24.
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
    transpose: int = 0
    swing: float = 0.0
    humanise: float = 0.0
    mute: bool = False
    variation: float = 0.0
    returns: float = 0.0
    hold: int = 0
    volume: float = 1.0


def with_value(parameters: Parameters, field: str, value: object) -> Parameters:
    """Set the field of that name."""
    changes: dict[str, Any] = {field: value}
    return replace(parameters, **changes)


def with_temperature(parameters: Parameters, value: float, head: str | None = None) -> Parameters:
    """Set the temperature of one head, or of all."""
    if head is None:
        return replace(parameters, temperature=(value, value, value, value))
    delta, pitch, duration, velocity = (
        value if one == head else before for one, before in zip(HEADS, parameters.temperature, strict=True)
    )
    return replace(parameters, temperature=(delta, pitch, duration, velocity))
