"""Choose how styles are sampled: temperature, style strength, and how much of the piece's past is favoured.

    python models/choose_sampling.py RUN_OR_BUNDLE OUT.json [--folder FOLDER] [--epoch N] [STYLE...]

Every style is heard at temperature 1, min-p 0.01 and strength 1, and its returns are brought to where human music has
them: where more bars come back than in the style's human pieces, `recall` is lowered step by step until fewer do, and
raised where fewer come back. With what was best, other strengths and temperatures are heard. To be heard is to play 16
pieces of 64 bars beside the human range (`trainer.judging`), and the excerpts of both gates. The best is inside both
gates, then has the fewest measures outside the human range, then the returns that are nearest to the human mean, then
the most likeness to the training pieces. A bundle needs the FOLDER of its styles, and is heard many times as fast as a
checkpoint; it must have been exported without `--sampling`. OUT.json is what `lstm-composer export --sampling` takes:
the styles that want others than the bundle's defaults. With names of styles, only these are heard, and what OUT.json
says of the others stays.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from runtime.bundle import SamplingCard
from runtime.ending import in_words
from runtime.errors import CorpusError, InputError
from trainer.quiet import quiet_tensorflow

with quiet_tensorflow():
    from rich.console import Console

    from trainer.advice import Jury, improvised
    from trainer.by_style import by_style, jury_of_style, sampled_by, with_sampling
    from trainer.candidates import candidate_of, material_by_style
    from trainer.excerpts import MIN_P, TEMPERATURE, Player
    from trainer.judging.style import PLAYED, Yardstick
    from trainer.material import Material

RECALL_STEP = 0.75
"""Nats by which the wish for returns is changed at a time."""
MOST_STEPS = 5
OTHERS = ((1.0, 1.5), (0.95, 1.0), (0.95, 1.5), (1.05, 1.0), (0.9, 1.0))
"""Temperatures of delta, pitch and duration, and strengths, that are heard besides 1 and 1."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a style is sampled.

    Attributes:
        temperature: Of delta, pitch and duration; loudness stays as it was learned.
        strength: As `play --style-strength`.
        recall: Nats for going on with a return, see `Controls.recall`; half of what is above 0 is for beginning one.

    """

    temperature: float = TEMPERATURE[0]
    strength: float = 1.0
    recall: float = 0.0

    @property
    def card(self) -> SamplingCard:
        """What the card of the style says of it."""
        return SamplingCard(
            temperature=(self.temperature, self.temperature, self.temperature, TEMPERATURE[-1]),
            min_p=MIN_P,
            style_strength=self.strength,
            recall=(self.recall, max(0.0, self.recall / 2)),
        )


@dataclass(frozen=True, slots=True)
class Try:
    """How a style did at one setting.

    Attributes:
        setting: The setting.
        gates: Whether it passes both gates.
        inside: Excerpts inside the gate that fewer are inside of.
        outside: Names of the measures outside the human range.
        too_many_returns: Share of bars that come back above that of human pieces; below 0: too few.
        likeness: Mean overlapped area with the training pieces.

    """

    setting: Setting
    gates: bool
    inside: int
    outside: tuple[str, ...]
    too_many_returns: float
    likeness: float

    def __str__(self) -> str:
        setting = f"temperature {self.setting.temperature:g}, strength {self.setting.strength:g}"
        setting += f", recall {self.setting.recall:g}"
        verdict = f"{self.inside} inside{'' if self.gates else ', fails'}, returns {self.too_many_returns:+.2f}"
        return f"{setting}: {verdict}, likeness {self.likeness:.3f}, outside: {', '.join(self.outside) or 'none'}"


Hear = Callable[[Setting], Try]


def best_of(tries: Sequence[Try]) -> Try:
    """The best of what was heard."""
    return max(
        tries,
        key=lambda one: (
            one.gates, 0 if one.gates else one.inside, -len(one.outside), -abs(one.too_many_returns), one.likeness,
        ),
    )  # fmt: skip


def tries_of(hear: Hear) -> list[Try]:
    """Hear a style with as many returns as it should have, and then with other strengths and temperatures."""
    tries = [hear(Setting())]
    step = -RECALL_STEP if tries[0].too_many_returns > 0 else RECALL_STEP
    for count in range(1, MOST_STEPS + 1):
        tries.append(hear(Setting(recall=count * step)))
        if tries[-2].too_many_returns * tries[-1].too_many_returns <= 0:
            break
    recall = best_of(tries).setting.recall
    return tries + [hear(Setting(temperature, strength, recall)) for temperature, strength in OTHERS]


def listener(own: Material, jury: Jury, player: Player) -> Hear:
    """Return the function that hears a style at a setting.

    Raises:
        CorpusError: If its pieces are too short to judge by.

    """
    played = any(piece.performed for piece in own.split.train)
    yardstick = Yardstick(own.split.train, (*own.split.validation, *own.split.test))
    meters = yardstick.meters(PLAYED)

    def hear(setting: Setting) -> Try:
        heard = with_sampling(jury, setting.card)
        loop, copy, _, likeness, _ = heard.hear(improvised(heard, player), played=played)
        controls = sampled_by(jury.controls[0], setting.card)
        judged = yardstick.judge(
            yardstick.play(player, [replace(controls, meter=meter) for meter in meters]), classify=False
        )
        returned = judged.measures["bars_return"]
        return Try(
            setting,
            loop.passed and copy.passed,
            min(loop.inside, copy.inside),
            tuple(judged.outside),
            returned.played - returned.human,
            likeness,
        )

    return hear


def main() -> int:
    """Hear all styles, say what was heard, and write what differs from the defaults."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", metavar="RUN_OR_BUNDLE")
    parser.add_argument("out", metavar="OUT.json", type=Path)
    parser.add_argument("styles", nargs="*", metavar="STYLE")
    parser.add_argument("--folder", help="the styles' music; a run knows its own")
    parser.add_argument("--epoch", type=int)
    asked = parser.parse_args()
    console = Console(highlight=False, markup=False, soft_wrap=True)
    candidate = candidate_of(asked.what, asked.epoch, console)
    if sampled := [card.name for card in candidate.cards if card.sampling]:
        raise InputError(f"{asked.what} has settings of its own for {sampled[0]}: export it without --sampling")
    styles = by_style(material_by_style(candidate, asked.folder))
    chosen = (
        msgspec.json.decode(asked.out.read_bytes(), type=dict[str, SamplingCard])
        if asked.styles and asked.out.exists()
        else {}
    )
    for name in asked.styles or styles:
        try:
            hear = listener(styles[name], jury_of_style(styles[name]), candidate.player)
        except CorpusError as error:
            console.print(f"{name}: {error}")
            continue
        tries = tries_of(hear)
        best = best_of(tries)
        for one in tries:
            console.print(f"{'*' if one is best else ' '} {name}: {one}")
        chosen.pop(name, None)
        if best.setting != Setting():
            chosen[name] = best.setting.card
        asked.out.write_bytes(msgspec.json.format(msgspec.json.encode(chosen), indent=2) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(in_words(main))
