"""What a key stroke sounds: the sample, how fast it is read, how loud and how bright it is, and how it dies away."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from lstm_composer.runtime.sound.sample_bank import SampleBank
from lstm_composer.runtime.sound.soundfont import Generator, SoundFont, Zone, read_soundfont

PIANO_FILE: Final = Path(__file__).with_name("piano.sf3")
"""The piano that ships; its licence stands beside it."""
LONGEST_ATTACK_SECONDS: Final = 0.5
"""Zones that swell for longer are left out: the piano's second layer is a resonance far below its first one, which
would double the number of voices."""
_HIGHEST_KEY: Final = 127
_DECIBELS_OF_AN_ENVELOPE: Final = 100.0
_ATTENUATION_SCALE: Final = 0.4
"""Share of a zone's own attenuation that is applied: synthesizers do as the EMU8000 did, for which fonts were made."""
_CENTS_ZERO_HZ: Final = 8.176
"""Frequency of absolute cent 0, MIDI key 0 (SoundFont specification 2.04, 8.1.1)."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """What a key at a velocity sounds.

    Attributes:
        sample: Number of the sample in the bank.
        root: Key that the sample sounds at its own rate, in semitones; a fraction where its tuning is corrected.
        rate: Frames a second of the sample.
        gain: Factor of the amplitude.
        cutoff_hz: Where the low-pass begins.
        hold_seconds: How long it sounds before the envelope falls.
        decay_db: Decibels a second from then on.
        release_db: Decibels a second after the key has been let go.
        loop: First frame of the loop and the one past its end, in the sample; None where it does not loop.

    """

    sample: int
    root: float
    rate: int
    gain: float
    cutoff_hz: float
    hold_seconds: float
    decay_db: float
    release_db: float
    loop: tuple[int, int] | None


class Piano:
    """The instrument of one SoundFont preset.

    Attributes:
        bank: Its samples.

    """

    def __init__(self, font: SoundFont) -> None:
        """Sort the zones by key; no sample is decoded."""
        self.bank = SampleBank(font)
        self._font = font
        zones = [
            zone for zone in font.zones if zone.keys[0] <= zone.keys[1] and zone.velocities[0] <= zone.velocities[1]
        ]
        prompt = [zone for zone in zones if _seconds(zone.generators[Generator.VOLUME_ATTACK]) < LONGEST_ATTACK_SECONDS]
        self._keys = [_nearest_zones(prompt, key) for key in range(_HIGHEST_KEY + 1)]
        self.stroke = cache(self._stroke)

    @classmethod
    def load(cls, path: Path = PIANO_FILE) -> "Piano":
        """Read a SoundFont file.

        Raises:
            InputError: If it cannot be read.

        """
        return cls(read_soundfont(path))

    def _stroke(self, key: int, velocity: int) -> Stroke:
        """Return what a key 0..127 sounds at a velocity 1..127."""
        zones = self._keys[key]
        zone = min(zones, key=lambda one: _distance(one.velocities, velocity))
        velocity = min(max(velocity, zone.velocities[0]), zone.velocities[1])
        sample = self._font.samples[zone.sample]
        root = zone.generators[Generator.ROOT_KEY]
        tuning = zone.generators[Generator.COARSE_TUNE] + zone.generators[Generator.FINE_TUNE] / 100

        def value(generator: Generator) -> float:
            return zone.value(generator, key, velocity)

        own = zone.generators[Generator.ATTENUATION]
        centibels = max(0.0, own * _ATTENUATION_SCALE + value(Generator.ATTENUATION) - own)
        cutoff_cents = value(Generator.FILTER_CUTOFF) + value(Generator.MODULATION_ENVELOPE_TO_FILTER)
        loops = zone.generators[Generator.SAMPLE_MODES] in (1, 3) and sample.loop_end > sample.loop_start
        return Stroke(
            sample=zone.sample,
            root=(sample.root if root < 0 else root) - tuning - sample.correction / 100,
            rate=sample.rate,
            gain=10 ** (-centibels / 200),
            cutoff_hz=_CENTS_ZERO_HZ * 2 ** (cutoff_cents / 1200),
            hold_seconds=_seconds(value(Generator.VOLUME_HOLD)),
            decay_db=_DECIBELS_OF_AN_ENVELOPE / _seconds(value(Generator.VOLUME_DECAY)),
            release_db=_DECIBELS_OF_AN_ENVELOPE / _seconds(value(Generator.VOLUME_RELEASE)),
            loop=(sample.loop_start, sample.loop_end) if loops else None,
        )

    def decoding_order(self) -> list[int]:
        """Numbers of all samples, those that music needs first: from the middle outward, softer ones before louder."""
        order: dict[int, None] = {}
        for velocity in (64, 120):
            for key in sorted(range(_HIGHEST_KEY + 1), key=lambda one: abs(one - 60)):
                order.setdefault(self.stroke(key, velocity).sample)
        return list(order)

    def nearest_decoded(self, stroke: Stroke) -> Stroke | None:
        """Return the stroke with the nearest decoded sample in place of its own; None where there is none yet."""
        ready = [number for number in range(len(self._font.samples)) if self.bank.is_whole(number)]
        if not ready:
            return None
        samples = self._font.samples
        number = min(ready, key=lambda one: abs(samples[one].root - samples[stroke.sample].root))
        return replace(stroke, sample=number, root=float(samples[number].root), rate=samples[number].rate, loop=None)


def _seconds(timecents: float) -> float:
    return float(2 ** (timecents / 1200))


def _distance(bounds: Sequence[int], value: int) -> int:
    return max(bounds[0] - value, value - bounds[1], 0)


def _nearest_zones(zones: Sequence[Zone], key: int) -> list[Zone]:
    """The zones that are for a key, or else for the key nearest to it."""
    nearest = min(_distance(zone.keys, key) for zone in zones)
    return [zone for zone in zones if _distance(zone.keys, key) == nearest]
