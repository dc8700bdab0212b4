"""Choose how styles are sampled: temperature, min-p, style strength, and how much of the piece's past is favoured.

    python recipes/choose_sampling.py [--folder FOLDER] [--epoch N] RUN_OR_BUNDLE OUT.json [STYLE...]

To hear a style is to let it play 16 pieces of 64 bars beside its human pieces (`trainer.judging`), and the excerpts of
both gates. A network that plays to itself does not go on with what it remembers as often as people do, although it
predicts them well: so each style is heard with a low min-p, and `recall` is corrected after each hearing, until matches
of 1, 2, 4, 8 and 16 notes go on as often as in human music and as many bars return. With what was best, other strengths
and temperatures are heard, and at last a steadier loudness; of a style that goes round in circles or copies still, also
stronger guards against going round. The best is inside both gates, then has the fewest measures
outside the human range, then is told from human music least surely. A bundle needs the FOLDER of its styles, and is
heard many times as fast as a checkpoint; it must have been exported without `--sampling`. OUT.json is what
`lstm-composer export --sampling` takes: the styles that want others than the bundle's defaults. With names of styles,
only these are heard, and what OUT.json says of the others stays.
"""

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from lstm_composer.runtime.bundle.schema import SamplingCard
from lstm_composer.runtime.errors import CorpusError, InputError
from lstm_composer.runtime.music.piece_memory import DEFAULT_RECALL, RECALL_LENGTHS
from lstm_composer.runtime.system.process_exit import in_words
from lstm_composer.trainer.network.quiet_tensorflow import quiet_tensorflow

with quiet_tensorflow():
    from rich.console import Console

    from lstm_composer.trainer.commands.candidates import candidate_of, material_by_style
    from lstm_composer.trainer.dataset.dataset import Dataset
    from lstm_composer.trainer.evaluation.epoch_choice import Evaluator, sample_excerpts
    from lstm_composer.trainer.evaluation.per_style import (
        by_style,
        make_style_evaluator,
        only,
        sampled_by,
        with_sampling,
    )
    from lstm_composer.trainer.judging.style import PLAYED, Judgement, Yardstick
    from lstm_composer.trainer.network.excerpts import MIN_P, TEMPERATURE, SteppedNetwork

CORRECTIONS = 3
"""How often the wishes for what is remembered are corrected."""
LOW_MIN_P = 0.003
"""Where a return is nearly certain, a min-p of a hundredth forbids most of what could end it."""
OTHERS = ((1.0, 1.5), (0.95, 1.0), (0.95, 1.5), (0.9, 1.5))
"""Temperatures of delta, pitch and duration, and strengths, that are heard besides 1 and 1."""
STEADY = 0.8
"""Temperature of loudness that is heard last: music of scores at one loudness, once it has left that, stays uneven."""
GUARDS = (4.0, 16.0)
"""Wishes against going round that are heard, besides that of DEFAULT_RECALL, of a style that stays outside a gate."""
_MOST_NATS = 3.0


@dataclass(frozen=True, slots=True)
class Setting:
    """How a style is sampled.

    Attributes:
        temperature: Of delta, pitch and duration.
        min_p: See `GraphInputs`, as for the two that follow.
        strength: How much of the style.
        recall: See `GraphInputs`.
        loudness: Temperature of velocity.

    """

    temperature: float = TEMPERATURE[0]
    min_p: float = MIN_P
    strength: float = 1.0
    recall: tuple[float, ...] = DEFAULT_RECALL
    loudness: float = TEMPERATURE[-1]

    @property
    def card(self) -> SamplingCard:
        """What the card of the style says of it."""
        return SamplingCard(
            temperature=(self.temperature, self.temperature, self.temperature, self.loudness),
            min_p=self.min_p,
            style_strength=self.strength,
            recall=tuple(round(nats, 2) for nats in self.recall),
        )

    def guarded(self, nats: float) -> "Setting":
        """The same, with another wish against going round."""
        return replace(self, recall=(*self.recall[:-1], nats))


@dataclass(frozen=True, slots=True)
class Try:
    """How a style did at one setting.

    Attributes:
        setting: The setting.
        gates: Whether it passes both gates.
        inside: Excerpts inside the gate that fewer are inside of.
        outside: Names of the measures outside the human range.
        too_many_returns: Share of bars that come back above that of human pieces; below 0: too few.
        told: How surely a classifier tells it from human music: area under the curve.
        ends: By RECALL_LENGTHS, how much likelier than in human music a match ends: difference of log odds in nats.

    """

    setting: Setting
    gates: bool
    inside: int
    outside: tuple[str, ...]
    too_many_returns: float
    told: float
    ends: tuple[float, ...]

    def __str__(self) -> str:
        setting = self.setting
        recall = ", ".join(f"{nats:g}" for nats in setting.card.recall)
        said = f"temperature {setting.temperature:g}, min-p {setting.min_p:g}, strength {setting.strength:g}, "
        said += f"loudness {setting.loudness:g}"
        verdict = f"{self.inside} inside{'' if self.gates else ', fails'}, returns {self.too_many_returns:+.2f}"
        return f"{said}, recall {recall}: {verdict}, told {self.told:.3f}, outside: {', '.join(self.outside) or 'none'}"

    @property
    def corrected(self) -> Setting:
        """The same setting, its wishes for what is remembered changed by what was heard."""
        # Half, for a wish counts twice in a note: for its time and for its pitch.
        wanted = [*(0.5 * nats for nats in self.ends), -self.too_many_returns]
        *before, guard = self.setting.recall
        nats = (max(-_MOST_NATS, min(_MOST_NATS, one + more)) for one, more in zip(before, wanted, strict=True))
        return replace(self.setting, recall=(*nats, guard))


Hear = Callable[[Setting], Try]


def best_of(tries: Sequence[Try]) -> Try:
    """The best of what was heard."""
    return max(tries, key=lambda one: (one.gates, 0 if one.gates else one.inside, -len(one.outside), -one.told))


def tries_of(hear: Hear) -> list[Try]:
    """Hear a style until it remembers as people do, and then with other strengths, temperatures and loudness."""
    tries = [hear(Setting(min_p=LOW_MIN_P))]
    for _ in range(CORRECTIONS):
        tries.append(hear(tries[-1].corrected))
    best = best_of(tries).setting
    tries += [hear(replace(best, temperature=warmth, strength=strength)) for warmth, strength in OTHERS]
    tries.append(hear(replace(best_of(tries).setting, loudness=STEADY)))
    last = best_of(tries)
    return tries if last.gates else tries + [hear(last.setting.guarded(nats)) for nats in GUARDS]


def ends_of(judged: Judgement) -> tuple[float, ...]:
    """By RECALL_LENGTHS, how much likelier than in human music a match of that length ends, in nats of log odds."""
    shares = [(judged.continued_human.get(length), judged.continued_played.get(length)) for length in RECALL_LENGTHS]
    return tuple(0.0 if None in both else _log_odds(both[0]) - _log_odds(both[1]) for both in shares)


def _log_odds(share: float | None) -> float:
    certain = min(0.998, max(0.002, share or 0.0))
    return math.log(certain / (1 - certain))


def listener(own: Dataset, evaluator: Evaluator, player: SteppedNetwork) -> Hear:
    """Return the function that hears a style at a setting.

    Raises:
        CorpusError: If its pieces are too short to judge by.

    """
    played = any(piece.performed for piece in own.split.train)
    yardstick = Yardstick(own.split.train, (*own.split.validation, *own.split.test))
    meters = yardstick.meters(PLAYED)

    def hear(setting: Setting) -> Try:
        heard = with_sampling(evaluator, setting.card)
        loop, copy, *_ = heard.evaluate(sample_excerpts(heard, player), played=played)
        controls = sampled_by(evaluator.controls[0], setting.card)
        pieces = yardstick.play(player, [replace(controls, meter=meter) for meter in meters])
        judged, told = yardstick.judge(pieces, classify=False), yardstick.area_of(pieces)
        returned = judged.measures["bars_return"]
        return Try(
            setting,
            loop.passed and copy.passed,
            min(loop.inside, copy.inside),
            tuple(judged.outside),
            returned.played - returned.human,
            1.0 if told is None else told,
            ends_of(judged),
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
    for name, own in only(styles, asked.styles, "STYLE").items():
        try:
            hear = listener(own, make_style_evaluator(own), candidate.player)
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
