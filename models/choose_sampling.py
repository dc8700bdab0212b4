"""Choose temperature, min-p and style strength for each style: `python models/choose_sampling.py RUN EPOCH OUT.json`.

Every style is heard at temperature 1 and min-p 0.01 with each of STRENGTHS, and takes the one that passes both gates
and is most like its training pieces. Where none passes, it is heard at the other settings of COOLER too; where none of
these passes either, it takes the one with the most excerpts inside both. OUT.json is what `lstm-composer export
--sampling` takes: the styles that want others than the bundle's defaults.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from runtime.bundle import SamplingCard
from trainer.quiet import quiet_tensorflow

with quiet_tensorflow():
    from rich.console import Console

    from trainer.advice import Jury, improvised
    from trainer.by_style import by_style, jury_of_style, with_sampling
    from trainer.command import material_of
    from trainer.excerpts import MIN_P, TEMPERATURE, Player, player_of
    from trainer.run_directory import RunDirectory
    from trainer.training import load_network

STRENGTHS = (1.0, 1.5, 2.0)
COOLER = ((1.05, 0.01), (1.1, 0.01), (1.0, 0.03), (0.95, 0.02), (0.9, 0.03), (0.8, 0.03))
"""Temperature of delta, pitch and duration, and min-p. Loudness stays as it was learned."""


@dataclass(frozen=True, slots=True)
class Try:
    """How a style did at one setting.

    Attributes:
        temperature: Of delta, pitch and duration.
        min_p: As `play --min-p`.
        strength: As `play --style-strength`.
        passed: Whether it passes both gates.
        inside: Excerpts inside the gate that fewer are inside of.
        likeness: Mean overlapped area with the training pieces.

    """

    temperature: float
    min_p: float
    strength: float
    passed: bool
    inside: int
    likeness: float

    @property
    def card(self) -> SamplingCard:
        """What the card of the style says of it."""
        return sampling_of(self.temperature, self.min_p, self.strength)


def sampling_of(temperature: float, min_p: float, strength: float) -> SamplingCard:
    """One temperature for all heads but that of loudness."""
    *_, velocity = TEMPERATURE
    return SamplingCard(
        temperature=(temperature, temperature, temperature, velocity), min_p=min_p, style_strength=strength
    )


def best_of(tries: Sequence[Try]) -> Try:
    """The most like its training pieces of those that pass, or else the one with the most excerpts inside."""
    return max(tries, key=lambda one: (one.passed, one.likeness if one.passed else one.inside, one.likeness))


def tries_of(jury: Jury, player: Player, *, played: bool) -> list[Try]:
    """Hear a style with every strength, and at the other settings if it fails with each."""

    def heard(temperature: float, min_p: float, strength: float) -> Try:
        own = with_sampling(jury, sampling_of(temperature, min_p, strength))
        loop, copy, _, likeness, _ = own.hear(improvised(own, player), played=played)
        inside = min(loop.inside, copy.inside)
        return Try(temperature, min_p, strength, loop.passed and copy.passed, inside, likeness)

    tries = [heard(TEMPERATURE[0], MIN_P, strength) for strength in STRENGTHS]
    if not best_of(tries).passed:
        tries += [heard(*cooler, strength) for cooler in COOLER for strength in STRENGTHS]
    return tries


def main() -> None:
    """Hear all styles, say what was heard, and write what differs from the defaults."""
    run, epoch, out = RunDirectory(Path(sys.argv[1])), int(sys.argv[2]), Path(sys.argv[3])
    console = Console(highlight=False, markup=False, soft_wrap=True)
    player = player_of(load_network(run, epoch))
    chosen = {}
    for name, own in by_style(material_of(run, run.read_settings(), console)).items():
        played = any(piece.performed for piece in own.split.train)
        tries = tries_of(jury_of_style(own), player, played=played)
        for one in tries:
            setting = f"temperature {one.temperature:g}, min-p {one.min_p:g}, strength {one.strength:g}"
            verdict = "" if one.passed else ", fails"
            console.print(f"{name}: {setting}: {one.inside} inside, likeness {one.likeness:.3f}{verdict}")
        best = best_of(tries)
        if best.card != sampling_of(TEMPERATURE[0], MIN_P, 1.0):
            chosen[name] = best.card
    out.write_bytes(msgspec.json.format(msgspec.json.encode(chosen), indent=2) + b"\n")


if __name__ == "__main__":
    main()
