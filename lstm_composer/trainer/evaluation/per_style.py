"""What `lstm-composer evaluate --by-style` measures: every style of a network for itself, beside its own music.

A style has its own part of the test pieces, its own Markov model, its own gates and its own human ceiling: what is
usual in ragtime goes round in circles among sonatas. The Markov model that was counted on all styles stands beside
it, since a small style may be better known from the music of the others; the better of the two is the baseline.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

import msgspec
from rich.table import Table

from lstm_composer.runtime.bundle.schema import SamplingCard, StyleCard
from lstm_composer.runtime.errors import CorpusError, InputError
from lstm_composer.runtime.graph.inputs import GraphInputs, pitch_bias
from lstm_composer.runtime.parameters.parameters import WHOLE
from lstm_composer.runtime.system.visible_text import visible
from lstm_composer.trainer.dataset.dataset import Dataset
from lstm_composer.trainer.dataset.split import Split
from lstm_composer.trainer.dataset.training_piece import EncodedPiece
from lstm_composer.trainer.evaluation import markov_baseline as markov
from lstm_composer.trainer.evaluation.epoch_choice import (
    EXCERPTS,
    Evaluator,
    GateResult,
    make_evaluator,
    sample_excerpts,
)
from lstm_composer.trainer.judging.style import Judgement, judge_style
from lstm_composer.trainer.network.excerpts import SteppedNetwork
from lstm_composer.trainer.text.console import cell

Figures = Callable[[Sequence[EncodedPiece]], Mapping[str, float]]
"""Nats a note of sequences: `loss` and its parts."""
OnStyle = Callable[[int, int, str], None]
"""Told before each style how many are done, how many there are and its name."""


class StyleFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one style of a network; everything that needs held-out pieces is None without any.

    Attributes:
        style: Its name.
        pieces: Held-out pieces that it was measured on.
        notes: Notes in them.
        nll: Nats a note.
        nll_by_head: The same for delta, pitch, duration and velocity.
        markov: Nats a note of an order-3 Markov model of the style's training pieces.
        markov_of_all: The same of one of all styles' training pieces.
        below_markov: How far `nll` is below the better of the two, as a share of it.
        loop: The loop gate over EXCERPTS excerpts; None if its pieces are too short to judge by, as for the following.
        copy: The copy gate.
        longest_match: The longest passage shared with a training piece of the style, as a sentence.
        likeness: Mean overlapped area of the excerpts with the style's training pieces, 0..1.
        ceiling: The same of its held-out pieces.
        of_ceiling: The first as a share of the second.
        judged: What it plays over 64 bars beside what people wrote; None if its pieces are too short.

    """

    style: str
    pieces: int
    notes: int
    nll: float | None = None
    nll_by_head: dict[str, float] = {}
    markov: float | None = None
    markov_of_all: float | None = None
    below_markov: float | None = None
    loop: GateResult | None = None
    copy: GateResult | None = None
    longest_match: str = ""
    likeness: float | None = None
    ceiling: float | None = None
    of_ceiling: float | None = None
    judged: Judgement | None = None

    @property
    def passed(self) -> bool:
        """Whether it passes both gates."""
        return bool(self.loop and self.copy and self.loop.passed and self.copy.passed)


def by_style(material: Dataset) -> dict[str, Dataset]:
    """The material of each style that was learned, alone; the number of its vector stays what it is."""
    parts = {"train": material.train, "validation": material.validation, "test": material.test}
    found = {}
    for number in sorted({sequence.style for sequence in material.train}):
        own = {name: tuple(s for s in part if s.style == number) for name, part in parts.items()}
        names = {sequence.name for part in own.values() for sequence in part}
        pieces = tuple(piece for piece in material.corpus.pieces if piece.name in names)
        split = Split(*(tuple(p for p in getattr(material.split, part) if p.name in names) for part in parts))
        corpus = replace(material.corpus, pieces=pieces)
        found[material.styles[number].name] = Dataset(corpus, split, **own, styles=material.styles)
    return found


def only(apart: Mapping[str, Dataset], wanted: str | Sequence[str], flag: str) -> dict[str, Dataset]:
    """The material of some styles alone, in their order; of all if none is wanted.

    Args:
        apart: The material of each style.
        wanted: Names of styles, also as one text with commas between them.
        flag: What they were given by, for the message.

    Raises:
        InputError: If there is no such style.

    """
    parts = wanted.split(",") if isinstance(wanted, str) else wanted
    names = [name.strip() for name in parts if name.strip()] or list(apart)
    for name in names:
        if name not in apart:
            raise InputError(f"{flag} {visible(name)}: there is no such style; there are {', '.join(apart)}")
    return {name: apart[name] for name in names}


def figures_by_style(
    player: SteppedNetwork, figures: Figures, material: Dataset, on_style: OnStyle = lambda *_: None
) -> list[StyleFigures]:
    """Measure every style, in the order of their vectors.

    Args:
        player: How the network plays.
        figures: How well it predicts.
        material: Of all its styles.
        on_style: Told before each.

    """
    apart = by_style(material)
    of_all = markov.fit(material.train)
    found: list[StyleFigures] = []
    for name, own in apart.items():
        on_style(len(found), len(apart), name)
        found.append(_style(name, own, player, figures, of_all))
    return found


def _style(
    name: str, own: Dataset, player: SteppedNetwork, figures: Figures, of_all: Mapping[str, markov.WittenBell]
) -> StyleFigures:
    held_out = own.test or own.validation
    known: dict[str, Any] = {"pieces": len(held_out), "notes": sum(sequence.notes for sequence in held_out)}
    if held_out:
        known |= _predicted(figures(held_out), own, held_out, of_all)
    return StyleFigures(style=name, **known, **_heard(own, player))


def _predicted(
    found: Mapping[str, float], own: Dataset, held_out: Sequence[EncodedPiece], of_all: Mapping[str, markov.WittenBell]
) -> dict[str, Any]:
    alone, together = (
        markov.nll_per_note(dict(models), held_out)["loss"] for models in (markov.fit(own.train), of_all)
    )
    return {
        "nll": round(found["loss"], 4),
        "nll_by_head": {key.removeprefix("nll_"): round(found[key], 4) for key in found if key.startswith("nll_")},
        "markov": round(alone, 4),
        "markov_of_all": round(together, 4),
        "below_markov": round(1 - found["loss"] / min(alone, together), 4),
    }


def make_style_evaluator(own: Dataset) -> Evaluator:
    """What one style is judged by; its excerpts are made with its own defaults, if its card has any.

    Raises:
        CorpusError: If no piece is long enough for an excerpt.

    """
    evaluator = make_evaluator(own, len(own.styles))
    card = own.styles[own.train[0].style]
    return replace(evaluator, controls=tuple(as_played(controls, card) for controls in evaluator.controls))


def as_played(controls: GraphInputs, style: StyleCard) -> GraphInputs:
    """The same controls with what a style has of its own: its register, keys, and sampling if its card has any."""
    low, high = style.register or WHOLE
    keys = tuple(style.keys if weight else None for weight in controls.style)
    within = replace(controls, pitch_bias=pitch_bias(lambda pitch: low <= pitch <= high), style_keys=keys)
    return sampled_by(within, style.sampling) if style.sampling else within


def with_sampling(evaluator: Evaluator, sampling: SamplingCard) -> Evaluator:
    """The same evaluator, its excerpts made with other defaults."""
    return replace(evaluator, controls=tuple(sampled_by(one, sampling) for one in evaluator.controls))


def sampled_by(controls: GraphInputs, sampling: SamplingCard) -> GraphInputs:
    """The same controls with a style's own defaults."""
    return replace(controls, **msgspec.structs.asdict(sampling))


def _heard(own: Dataset, player: SteppedNetwork) -> dict[str, Any]:
    try:
        evaluator = make_style_evaluator(own)
    except CorpusError:
        return {}
    played = any(piece.performed for piece in own.split.train)
    loop, copy, longest, likeness, _ = evaluator.evaluate(sample_excerpts(evaluator, player), played=played)
    of_ceiling = round(likeness / evaluator.human_ceiling, 4) if evaluator.human_ceiling else None
    return {
        "judged": judge_style(player, own, evaluator.controls[0]),
        "loop": loop,
        "copy": copy,
        "longest_match": longest,
        "likeness": likeness,
        "ceiling": evaluator.human_ceiling,
        "of_ceiling": of_ceiling,
    }


def means(found: Sequence[StyleFigures]) -> dict[str, float | int]:
    """Means over the styles that have the figure, each style counting as much as every other."""
    columns = ("nll", "below_markov", "likeness", "ceiling", "of_ceiling")
    values = {name: _known(getattr(style, name) for style in found) for name in columns}
    baselines = _known(
        min(style.markov, style.markov_of_all)
        for style in found
        if style.markov is not None and style.markov_of_all is not None
    )
    judged = [style.judged for style in found if style.judged]
    return {
        "styles": len(found),
        "pass_both_gates": sum(style.passed for style in found),
        **(_judged(judged) if judged else {}),
        **{name: round(fmean(known), 4) for name, known in {**values, "markov": baselines}.items() if known},
    }


def _judged(judged: Sequence[Judgement]) -> dict[str, float | int]:
    """In how many styles returns are inside the human range and loops are not endless, and how well all are told."""
    areas = [one.told.overall for one in judged if one.told]
    returns = ("bars_return", "phrase_returns", "endless")
    inside = sum(all(one.measures[name].inside for name in returns) for one in judged)
    return {"returns_inside": inside, **({"told_apart": round(fmean(areas), 4)} if areas else {})}


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def table_of(found: Sequence[StyleFigures], cards: Sequence[StyleCard]) -> Table:
    """The figures for a terminal."""
    table = Table()
    for column in ("style", "notes", "nats a note", "Markov", "below", "loop gate", "copy gate", "likeness", "human"):
        table.add_column(column, justify="left" if column == "style" else "right")
    sizes = {card.name: card.notes for card in cards}
    for style in found:
        table.add_row(cell(style.style), f"{sizes[style.style]:,}", *_cells(style))
    return table


def _cells(style: StyleFigures) -> list[str]:
    baseline = None if style.markov is None or style.markov_of_all is None else min(style.markov, style.markov_of_all)
    return [
        _number(style.nll),
        _number(baseline),
        "" if style.below_markov is None else f"{style.below_markov:.0%}",
        *(_gate(gate) for gate in (style.loop, style.copy)),
        _number(style.likeness),
        _number(style.ceiling),
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _gate(gate: GateResult | None) -> str:
    return "" if gate is None else f"{gate.inside} of {EXCERPTS}{'' if gate.passed else ', fails'}"
