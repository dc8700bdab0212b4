"""Choose temperature and min-p for the styles that fail a gate: `python models/choose_sampling.py RUN EPOCH OUT.json`.

Every style is heard at the defaults (temperature 1, min-p 0.01). One that passes both gates keeps them. One that does
not is heard at the other settings of SETTINGS, and takes the one that passes and is most like its training pieces;
where none passes, the one with the most excerpts inside both. OUT.json is what `lstm-composer export --sampling` takes.
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

SETTINGS = ((1.0, 0.01), (1.05, 0.01), (1.1, 0.01), (1.0, 0.03), (0.95, 0.02), (0.9, 0.03), (0.8, 0.03))
"""Temperature of delta, pitch and duration, and min-p; the first are the defaults. Loudness stays as it was learned."""


@dataclass(frozen=True, slots=True)
class Try:
    """How a style did at one setting.

    Attributes:
        temperature: Of delta, pitch and duration.
        min_p: As `play --min-p`.
        passed: Whether it passes both gates.
        inside: Excerpts inside the gate that fewer are inside of.
        likeness: Mean overlapped area with the training pieces.

    """

    temperature: float
    min_p: float
    passed: bool
    inside: int
    likeness: float

    @property
    def card(self) -> SamplingCard:
        """What the card of the style says of it."""
        *_, velocity = TEMPERATURE
        return SamplingCard(
            temperature=(self.temperature, self.temperature, self.temperature, velocity), min_p=self.min_p
        )


def best_of(tries: Sequence[Try]) -> Try:
    """The most like its training pieces of those that pass, or else the one with the most excerpts inside."""
    return max(tries, key=lambda one: (one.passed, one.likeness if one.passed else one.inside, one.likeness))


def tries_of(jury: Jury, player: Player, *, played: bool) -> list[Try]:
    """Hear a style at the defaults, and at the other settings if it fails."""
    tries: list[Try] = []
    for temperature, min_p in SETTINGS:
        tried = Try(temperature, min_p, passed=False, inside=0, likeness=0.0)
        own = with_sampling(jury, tried.card)
        loop, copy, _, likeness, _ = own.hear(improvised(own, player), played=played)
        inside = min(loop.inside, copy.inside)
        tries.append(Try(temperature, min_p, loop.passed and copy.passed, inside, likeness))
        if tries[0].passed:
            break
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
            console.print(f"{name}: temperature {one.temperature:g}, min-p {one.min_p:g}: {one.inside} inside, "
                          f"likeness {one.likeness:.3f}{'' if one.passed else ', fails'}")  # fmt: skip
        best = best_of(tries)
        if (best.temperature, best.min_p) != (TEMPERATURE[0], MIN_P):
            chosen[name] = best.card
    out.write_bytes(msgspec.json.format(msgspec.json.encode(chosen), indent=2) + b"\n")


if __name__ == "__main__":
    main()
