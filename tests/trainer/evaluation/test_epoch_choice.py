from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from lstm_composer.runtime.music.notes import Note
from lstm_composer.trainer.corpus.corpus import Corpus
from lstm_composer.trainer.dataset.dataset import Dataset, build_dataset
from lstm_composer.trainer.evaluation.epoch_choice import (
    EXCERPTS,
    CheckpointResult,
    EpochChoice,
    GateResult,
    choose,
    choose_epoch,
    make_evaluator,
)
from lstm_composer.trainer.pieces.piece import Piece
from lstm_composer.trainer.reports.artifacts import write_epoch_choice_plot
from lstm_composer.trainer.reports.report import report
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.runs.settings import TrainingSettings
from lstm_composer.trainer.training.interruption import Interruption
from lstm_composer.trainer.training.loop import TrainingCallbacks, train
from lstm_composer.trainer.training.stream_learner import StreamLearner
from tests.support.small_trainings import step_by_step

# Keras 3.15 copies variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

MakeWalk = Callable[[int, int], Piece]


def gate(*, passed: bool) -> GateResult:
    return GateResult(passed, 30 if passed else 3, 32, () if passed else ("29 of 32 excerpts: one note is repeated",))


def checkpoint(epoch: int, held_out: float | None, *, loop: bool = True, copy: bool = True) -> CheckpointResult:
    return CheckpointResult(
        epoch, 2.0 - epoch / 100, held_out, gate(passed=loop), gate(passed=copy), "no passage is shared", 0.8, {}
    )


@pytest.mark.parametrize(
    ("checkpoints", "chosen"),
    [
        ([], None),
        ([checkpoint(25, 2.0), checkpoint(50, 1.8), checkpoint(75, 1.9)], 50),
        ([checkpoint(25, 2.0), checkpoint(50, 1.8, copy=False), checkpoint(75, 1.9)], 75),
        ([checkpoint(25, 1.7, loop=False), checkpoint(50, 1.8), checkpoint(75, 1.6, copy=False)], 50),
        ([checkpoint(25, 1.7, loop=False), checkpoint(50, 1.8, copy=False)], None),
        ([checkpoint(25, None), checkpoint(50, None)], 50),
    ],
)
def test_the_least_surprised_of_those_that_pass(checkpoints: list[CheckpointResult], chosen: int | None) -> None:
    best = choose(checkpoints)
    assert (best.epoch if best else None) == chosen


@pytest.fixture(scope="module")
def material(make_walk: MakeWalk) -> Dataset:
    return build_dataset(Corpus(tuple(make_walk(seed, 60) for seed in range(12)), (), "none"), seed=7)


@pytest.fixture(scope="module")
def run(material: Dataset, tiny_settings: TrainingSettings, tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    run = RunDirectory(tmp_path_factory.mktemp("runs") / "run")
    run.create()
    run.write_json("config.json", tiny_settings)
    with step_by_step():
        train(StreamLearner(tiny_settings, material, run), tiny_settings, run, Interruption(), TrainingCallbacks())
    return run


@pytest.fixture(scope="module")
def advice(run: RunDirectory, material: Dataset) -> EpochChoice:
    return choose_epoch(run, material)


def test_every_checkpoint_is_heard(advice: EpochChoice, run: RunDirectory) -> None:
    assert [checkpoint.epoch for checkpoint in advice.checkpoints] == run.saved_epochs()
    rows = run.read_history()
    for heard in advice.checkpoints:
        assert heard.held_out_nll == rows[heard.epoch - 1]["val_loss"]
        assert heard.loop.excerpts == heard.copy.excerpts == EXCERPTS
        assert 0 < heard.likeness < 1
    assert msgspec.json.decode(msgspec.json.encode(advice), type=EpochChoice) == advice


def test_a_network_of_four_epochs_has_not_learned_the_style(advice: EpochChoice) -> None:
    """It wanders or loops; it cannot have copied anything."""
    assert all(checkpoint.copy.passed for checkpoint in advice.checkpoints)
    assert all(checkpoint.likeness < (advice.ceiling or 0) for checkpoint in advice.checkpoints)


def bot(notes: list[tuple[int, int, int]]) -> list[Note]:
    return [Note(onset, pitch, duration, 80) for onset, pitch, duration in notes]


def test_a_bot_that_replays_the_training_pieces_fails_the_copy_gate_alone(material: Dataset) -> None:
    evaluator = make_evaluator(material, styles=1)
    pieces = [piece.notes for piece in material.split.train] * 5
    replayed = [
        [Note(n.onset, n.pitch + 3, n.duration, n.velocity) for n in notes[: evaluator.gates.notes]] for notes in pieces
    ]
    loop, copy, longest, *_ = evaluator.evaluate(replayed[:EXCERPTS], played=True)
    assert (loop.passed, copy.passed) == (True, False)
    assert "walk" in longest


def test_a_bot_that_loops_fails_the_loop_gate_alone(material: Dataset) -> None:
    evaluator = make_evaluator(material, styles=1)
    looped = bot([(12 * step, 60 + 5 * (step % 2), 12) for step in range(evaluator.gates.notes)])
    loop, copy, *_ = evaluator.evaluate([looped] * EXCERPTS, played=True)
    assert (loop.passed, copy.passed) == (False, True)
    assert loop.reasons


def test_best_is_the_advised_epoch(run: RunDirectory, advice: EpochChoice) -> None:
    lowest = run.best_epoch()
    other = next(epoch for epoch in run.saved_epochs() if epoch != lowest)
    run.write_json("advice.json", msgspec.structs.replace(advice, epoch=other))
    assert run.best_epoch() == other
    run.write_json("advice.json", msgspec.structs.replace(advice, epoch=None))
    assert run.best_epoch() == lowest


def test_the_report_names_every_epoch_and_every_reason(run: RunDirectory, advice: EpochChoice, tmp_path: Path) -> None:
    failing = checkpoint(8, 1.5, loop=False)
    told = msgspec.structs.replace(advice, checkpoints=(*advice.checkpoints, failing), remarks=("few pieces",))
    text = report("tiny", told, {}, ["epoch 3: the loss jumped"], pictures=False)
    for words in (
        "| 2 |",
        "| 4 |",
        "| 8 |",
        "29 of 32 excerpts: one note is repeated",
        "few pieces",
        "the loss jumped",
    ):
        assert words in text
    write_epoch_choice_plot(run, "tiny", advice)
    assert (run.path / "advice.png").read_bytes().startswith(b"\x89PNG")
