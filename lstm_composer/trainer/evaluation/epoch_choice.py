"""Which epoch to take: every checkpoint is heard, and judged beside the music that it learned from.

A checkpoint improvises EXCERPTS excerpts with fixed seeds. They must pass the loop gate and the copy gate (gates.py);
of the checkpoints that do, the one is taken that is least surprised by the pieces held out. Beside it stands what the
article that this project descends from would have taken: the epoch at which its curves flatten.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.music.event_encoding import quantise
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.trainer.dataset.dataset import Dataset
from lstm_composer.trainer.evaluation.gates import Gates, GateVerdict, excerpt_length, judge, make_gates
from lstm_composer.trainer.evaluation.plateau import find_plateau
from lstm_composer.trainer.judging.style import Judgement, judge_style
from lstm_composer.trainer.measures.similarity import Histogram, histograms, similarity
from lstm_composer.trainer.network.checkpoints import fill_network
from lstm_composer.trainer.network.excerpts import SteppedNetwork, controls_of, make_excerpts, stepped
from lstm_composer.trainer.network.trained_network import load_network
from lstm_composer.trainer.pieces.piece import Piece
from lstm_composer.trainer.runs.run_directory import RunDirectory

EXCERPTS = 32

Row = Mapping[str, float]
OnCheckpoint = Callable[[int, int], None]
"""Told how many checkpoints have been heard, and of how many."""


class GateResult(msgspec.Struct, frozen=True):
    """What one gate says of a checkpoint: excerpts inside its bounds, and where they are not, why."""

    passed: bool
    inside: int
    excerpts: int
    reasons: tuple[str, ...]


class CheckpointResult(msgspec.Struct, frozen=True):
    """What is known of a checkpoint.

    Attributes:
        epoch: Its epoch.
        training_nll: Nats a note on the training pieces, with dropout, while they were learned.
        held_out_nll: Nats a note on the validation part, None if nothing is held out.
        loop: The loop gate.
        copy: The copy gate.
        longest_match: The longest passage shared with a training piece, as a sentence.
        likeness: Mean overlapped area with the training pieces, 0..1.
        areas: The same by feature.

    """

    epoch: int
    training_nll: float
    held_out_nll: float | None
    loop: GateResult
    copy: GateResult
    longest_match: str
    likeness: float
    areas: dict[str, float]

    @property
    def passed(self) -> bool:
        """Whether it passes both gates."""
        return self.loop.passed and self.copy.passed


class Evaluation(NamedTuple):
    """What the evaluator finds in a set of excerpts; the fields are those of `CheckpointResult`."""

    loop: GateResult
    copy: GateResult
    longest_match: str
    likeness: float
    areas: dict[str, float]


class EpochChoice(msgspec.Struct, frozen=True):
    """advice.json.

    Attributes:
        epoch: The epoch to take, None if no checkpoint passes both gates.
        sentence: The choice and its reason, or what to change.
        article_epoch: Where the curves flatten, None where they do not.
        article_reason: Why there.
        excerpt_notes: Notes in an excerpt.
        ceiling: Mean overlapped area of held-out pieces with the training pieces, None if nothing is held out.
        human_share: Share of human excerpts that pass both gates.
        remarks: What was done otherwise than usual.
        checkpoints: Epochs rising.
        judged: What the epoch to take (or, where none passes, the last) plays over 64 bars, beside what people wrote;
            None of a run with several styles, which `evaluate --by-style` judges each for itself.

    """

    epoch: int | None
    sentence: str
    article_epoch: int | None
    article_reason: str
    excerpt_notes: int
    ceiling: float | None
    human_share: float
    remarks: tuple[str, ...]
    checkpoints: tuple[CheckpointResult, ...]
    judged: Judgement | None = None


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Judges excerpts by the gates of a corpus and the histograms of its training pieces.

    Attributes:
        gates: The loop gate and the copy gate.
        training: Histograms of the training pieces by feature.
        human_ceiling: Mean overlapped area of held-out pieces with the training pieces; None if nothing is held out.
        controls: What the network is asked for, one for each excerpt.

    """

    gates: Gates
    training: dict[str, Histogram]
    human_ceiling: float | None
    controls: tuple[GraphInputs, ...]

    def evaluate(self, excerpts: Sequence[Sequence[Note]], *, played: bool) -> Evaluation:
        """Judge excerpts; `played` tells whether their velocities are of a network that learned from played ones."""
        verdict = judge(self.gates, excerpts)
        found = similarity(histograms(excerpts, excerpts if played else ()), self.training)
        areas = {name: round(area, 4) for name, area in found.overlapped_areas.items()}
        loop, copy = _gate_result(verdict.loop), _gate_result(verdict.copy)
        return Evaluation(loop, copy, verdict.longest_match, round(found.mean, 4), areas)


def make_evaluator(material: Dataset, styles: int) -> Evaluator:
    """Make the evaluator of a corpus.

    Raises:
        CorpusError: If no piece is long enough for an excerpt.

    """
    training, held_out = material.split.train, (*material.split.validation, *material.split.test)
    gates = make_gates(training, held_out, excerpt_length((*training, *held_out)))
    known = _histograms(training)
    ceiling = similarity(_histograms(held_out), known).mean if held_out else None
    meter = Meter.parse(material.summary()["meter"])
    # Not those of its base: they are not in the music that it is judged by.
    learned = sorted({sequence.style for sequence in material.train})
    keys = tuple(card.keys for card in material.styles)
    controls = tuple(
        controls_of(styles, learned[seed % len(learned)], meter=meter, style_keys=keys) for seed in range(EXCERPTS)
    )
    return Evaluator(gates, known, None if ceiling is None else round(ceiling, 4), controls)


def _histograms(pieces: Sequence[Piece]) -> dict[str, Histogram]:
    return histograms([quantise(p.notes) for p in pieces], [quantise(p.notes) for p in pieces if p.performed])


def sample_excerpts(evaluator: Evaluator, player: SteppedNetwork) -> list[list[Note]]:
    """Sample the excerpts by which a network is judged."""
    return make_excerpts(player, range(EXCERPTS), evaluator.gates.notes, evaluator.controls)


def choose_epoch(run: RunDirectory, material: Dataset, on_checkpoint: OnCheckpoint = lambda *_: None) -> EpochChoice:
    """Evaluate every checkpoint of a run and choose one.

    Raises:
        InputError: If nothing has been saved, or a checkpoint cannot be loaded.
        CorpusError: If no piece is long enough for an excerpt.

    """
    rows = {int(row["epoch"]): row for row in run.read_history()}
    epochs = [epoch for epoch in run.saved_epochs() if epoch in rows]
    if not epochs:
        raise run.nothing_saved()
    network = load_network(run, epochs[-1])
    evaluator = make_evaluator(material, network.config.styles)
    player = stepped(network)
    played = any(piece.performed for piece in material.split.train)
    checkpoints = []
    for number, epoch in enumerate(epochs, start=1):
        fill_network(network, run.checkpoint(epoch))
        heard = evaluator.evaluate(sample_excerpts(evaluator, player), played=played)
        row = rows[epoch]
        checkpoints.append(CheckpointResult(epoch, row["loss"], row.get("val_loss"), *heard))
        on_checkpoint(number, len(epochs))
    advice = _conclude(evaluator, list(rows.values()), checkpoints)
    if len({sequence.style for sequence in material.train}) > 1:
        return advice
    fill_network(network, run.checkpoint(advice.epoch or epochs[-1]))
    judged = judge_style(player, material, evaluator.controls[0], classify=False)
    return msgspec.structs.replace(advice, judged=judged)


def _gate_result(verdict: GateVerdict) -> GateResult:
    return GateResult(verdict.passed, verdict.inside, verdict.excerpts, verdict.reasons)


def _conclude(evaluator: Evaluator, rows: Sequence[Row], checkpoints: Sequence[CheckpointResult]) -> EpochChoice:
    best = choose(checkpoints)
    plateau = find_plateau(rows)
    return EpochChoice(
        epoch=best.epoch if best else None,
        sentence=_sentence(best, checkpoints),
        article_epoch=plateau.epoch if plateau else None,
        article_reason=plateau.reason if plateau else "too few epochs to tell where the curves flatten",
        excerpt_notes=evaluator.gates.notes,
        ceiling=evaluator.human_ceiling,
        human_share=round(evaluator.gates.human_share, 4),
        remarks=evaluator.gates.remarks,
        checkpoints=tuple(checkpoints),
    )


def selection_nll(checkpoint: CheckpointResult) -> float:
    """Nats a note on the pieces held out, or on those learned where nothing is."""
    return checkpoint.training_nll if checkpoint.held_out_nll is None else checkpoint.held_out_nll


def choose(checkpoints: Sequence[CheckpointResult]) -> CheckpointResult | None:
    """Of the checkpoints that pass both gates the one with the lowest held-out NLL; None if none passes."""
    return min((checkpoint for checkpoint in checkpoints if checkpoint.passed), key=selection_nll, default=None)


def _sentence(best: CheckpointResult | None, checkpoints: Sequence[CheckpointResult]) -> str:
    if best:
        passed = sum(checkpoint.passed for checkpoint in checkpoints)
        return (
            f"take epoch {best.epoch}: {passed} of {len(checkpoints)} saved epochs neither loop nor copy, and of these "
            f"it is least surprised by pieces that it has not heard ({selection_nll(best):.3f} nats a note)"
        )
    copying = sum(not checkpoint.copy.passed for checkpoint in checkpoints)
    looping = sum(not checkpoint.loop.passed for checkpoint in checkpoints)
    return f"no saved epoch passes both gates. {_remedy(copying, looping, checkpoints)}"


def _remedy(copying: int, looping: int, checkpoints: Sequence[CheckpointResult]) -> str:
    early = checkpoints[: max(1, len(checkpoints) // 2)]
    if copying >= looping:
        return (
            f"{copying} of {len(checkpoints)} copy passages out of the training pieces: add more pieces, or train with "
            "a larger --dropout, or for fewer epochs with a smaller --save-every"
        )
    if all(not checkpoint.loop.passed for checkpoint in early) and checkpoints[-1].epoch < 50:
        return f"{looping} of {len(checkpoints)} go round in circles: train for more epochs, or add more pieces"
    return (
        f"{looping} of {len(checkpoints)} go round in circles or wander: add more pieces of one kind, or train with a "
        "smaller --dropout"
    )
