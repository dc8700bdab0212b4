"""Choose temperature, min-p and style strength for styles.

    python models/choose_sampling.py RUN EPOCH OUT.json [STYLE...]

Every style is heard at temperature 1 and min-p 0.01 with each of STRENGTHS, and takes the one that passes and is most
like its training pieces. To pass is to be inside both gates, and as like them as LIKE_ENOUGH of what held-out pieces
reach. Where none is inside both gates, it is heard at the settings of COOLER too; where those that are inside are not
like enough, at those of STEADIER. Where none of these passes either, it takes the most alike of those inside both
gates, or the one with the most excerpts inside. OUT.json is what `lstm-composer export --sampling` takes: the styles
that want others than the bundle's defaults. With names of styles, only these are heard, and what OUT.json says of the
others stays.
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
LIKE_ENOUGH = 0.85
COOLER = ((1.05, 0.01), (1.1, 0.01), (1.0, 0.03), (0.95, 0.02), (0.9, 0.03), (0.8, 0.03))
"""Temperature of delta, pitch and duration, and min-p. Loudness stays as it was learned."""
STEADIER = ((1.0, 0.01, 1.0), (1.0, 0.01, 1.25), (1.05, 0.005, 1.0), (1.05, 0.005, 1.25), (1.05, 0.005, 1.5))
"""The same and the strength, with loudness at STEADY: scores are played at one loudness, and it wanders from it."""
STEADY = 0.6


@dataclass(frozen=True, slots=True)
class Try:
    """How a style did at one setting.

    Attributes:
        temperature: Of delta, pitch and duration.
        min_p: As `play --min-p`.
        strength: As `play --style-strength`.
        gates: Whether it passes both gates.
        like_enough: Whether it is as like the training pieces as it has to be.
        inside: Excerpts inside the gate that fewer are inside of.
        likeness: Mean overlapped area with the training pieces.
        loudness: Temperature of velocity.

    """

    temperature: float
    min_p: float
    strength: float
    gates: bool
    like_enough: bool
    inside: int
    likeness: float
    loudness: float = TEMPERATURE[-1]

    @property
    def card(self) -> SamplingCard:
        """What the card of the style says of it."""
        return sampling_of(self.temperature, self.min_p, self.strength, self.loudness)


def sampling_of(temperature: float, min_p: float, strength: float, loudness: float = TEMPERATURE[-1]) -> SamplingCard:
    """One temperature for all heads but that of loudness."""
    return SamplingCard(
        temperature=(temperature, temperature, temperature, loudness), min_p=min_p, style_strength=strength
    )


def best_of(tries: Sequence[Try]) -> Try:
    """The most like its training pieces of those inside both gates, or else the one with the most excerpts inside."""
    return max(tries, key=lambda one: (one.gates, one.likeness if one.gates else one.inside, one.likeness))


def tries_of(jury: Jury, player: Player, *, played: bool) -> list[Try]:
    """Hear a style with every strength, and at other settings if it fails with each."""

    def heard(temperature: float, min_p: float, strength: float, loudness: float = TEMPERATURE[-1]) -> Try:
        own = with_sampling(jury, sampling_of(temperature, min_p, strength, loudness))
        loop, copy, _, likeness, _ = own.hear(improvised(own, player), played=played)
        inside = min(loop.inside, copy.inside)
        like_enough = likeness >= LIKE_ENOUGH * (jury.ceiling or 0.0)
        return Try(temperature, min_p, strength, loop.passed and copy.passed, like_enough, inside, likeness, loudness)

    tries = [heard(TEMPERATURE[0], MIN_P, strength) for strength in STRENGTHS]
    if not best_of(tries).gates:
        tries += [heard(*cooler, strength) for cooler in COOLER for strength in STRENGTHS]
    if not best_of(tries).like_enough:
        tries += [heard(*steadier, STEADY) for steadier in STEADIER]
    return tries


def main() -> None:
    """Hear all styles, say what was heard, and write what differs from the defaults."""
    run, epoch, out = RunDirectory(Path(sys.argv[1])), int(sys.argv[2]), Path(sys.argv[3])
    console = Console(highlight=False, markup=False, soft_wrap=True)
    player = player_of(load_network(run, epoch))
    only, styles = sys.argv[4:], by_style(material_of(run, run.read_settings(), console))
    chosen = msgspec.json.decode(out.read_bytes(), type=dict[str, SamplingCard]) if only else {}
    for name in only or styles:
        own = styles[name]
        played = any(piece.performed for piece in own.split.train)
        tries = tries_of(jury_of_style(own), player, played=played)
        for one in tries:
            setting = f"temperature {one.temperature:g}, min-p {one.min_p:g}, strength {one.strength:g}"
            setting += "" if one.loudness == TEMPERATURE[-1] else f", loudness {one.loudness:g}"
            verdict = ("" if one.gates else ", fails") + ("" if one.like_enough else ", not like enough")
            console.print(f"{name}: {setting}: {one.inside} inside, likeness {one.likeness:.3f}{verdict}")
        best = best_of(tries)
        chosen.pop(name, None)
        if best.card != sampling_of(TEMPERATURE[0], MIN_P, 1.0):
            chosen[name] = best.card
    out.write_bytes(msgspec.json.format(msgspec.json.encode(chosen), indent=2) + b"\n")


if __name__ == "__main__":
    main()
