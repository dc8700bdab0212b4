import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np
import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.corpus.corpus import Corpus
from lstm_composer.trainer.dataset.dataset import Dataset, build_dataset
from lstm_composer.trainer.network.stream_network import StreamNetwork
from lstm_composer.trainer.network.trained_network import load_network
from lstm_composer.trainer.pieces.piece import Piece
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.runs.settings import TrainingSettings
from lstm_composer.trainer.training.collapse_guard import MAX_ROLLBACKS
from lstm_composer.trainer.training.interruption import Interruption
from lstm_composer.trainer.training.loop import Row, TrainingCallbacks, read_rollbacks, seed_dropout, train
from lstm_composer.trainer.training.stream_learner import FINAL_RATE, StreamLearner, new_network
from tests.support.small_trainings import step_by_step

# Keras 3.15 copies variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

TIMES = ("seconds", "notes_per_second")
MakeWalk = Callable[[int, int], Piece]


def trained(
    settings: TrainingSettings,
    material: Dataset,
    run: RunDirectory,
    interruption: Interruption,
    callbacks: TrainingCallbacks,
    *,
    resume: bool = False,
) -> int:
    return train(StreamLearner(settings, material, run), settings, run, interruption, callbacks, resume=resume)


@pytest.fixture(scope="module")
def material(make_walk: MakeWalk) -> Dataset:
    return build_dataset(Corpus(tuple(make_walk(seed, 40) for seed in range(5)), (), "none"), seed=7)


def new_run(path: Path) -> RunDirectory:
    run = RunDirectory(path)
    run.create()
    return run


def stopping_in(epoch: int, interruption: Interruption) -> TrainingCallbacks:
    """A user who loses patience at the first batch of an epoch."""

    def on_batch(now: int, batch: int, batches: int) -> None:
        interruption.asked = interruption.asked or (now, batch) == (epoch, 1)

    return TrainingCallbacks(on_batch)


def figures(run: RunDirectory) -> list[dict[str, float]]:
    """The history without what the clock says."""
    return [{name: value for name, value in row.items() if name not in TIMES} for row in run.read_history()]


def weights(run: RunDirectory, epoch: int, settings: TrainingSettings) -> list[Any]:
    network = load_network(run, epoch, settings)
    return [np.asarray(variable) for variable in (*network.trainable_variables, *network.optimizer.variables)]


@pytest.fixture(scope="module")
def unbroken(
    material: Dataset, tiny_settings: TrainingSettings, tmp_path_factory: pytest.TempPathFactory
) -> RunDirectory:
    run = new_run(tmp_path_factory.mktemp("unbroken") / "run")
    assert trained(tiny_settings, material, run, Interruption(), TrainingCallbacks()) == 4
    return run


def test_what_a_training_leaves(unbroken: RunDirectory, material: Dataset) -> None:
    assert unbroken.saved_epochs() == [2, 4]
    rows = unbroken.read_history()
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    assert len(material.validation) == 1
    heads = ("delta", "pitch", "duration", "velocity")
    measured = ["loss", *(f"nll_{head}" for head in heads), *(f"accuracy_{head}" for head in heads)]
    held_out = [f"val_{name}" for name in measured]
    assert sorted(rows[0]) == sorted(["epoch", *TIMES, "learning_rate", *measured, *held_out])
    assert rows[3]["loss"] < rows[0]["loss"]
    assert rows[0]["loss"] == pytest.approx(sum(rows[0][f"nll_{head}"] for head in heads), rel=1e-4)
    assert not [path for path in unbroken.checkpoints_path.iterdir() if path.name.startswith(".")]


def test_the_learning_rate_rises_for_an_epoch_and_then_falls(
    unbroken: RunDirectory, tiny_settings: TrainingSettings
) -> None:
    rates = [row["learning_rate"] for row in unbroken.read_history()]
    assert rates[0] == pytest.approx(tiny_settings.learning_rate)
    assert rates == sorted(rates, reverse=True)
    # Windows are cut anew in every epoch, so that the number of batches is known only about.
    assert rates[-1] < 0.1 * rates[0]
    assert rates[-1] >= FINAL_RATE * rates[0] * 0.999


def test_resumed_is_unbroken_and_can_be_made_longer(
    material: Dataset, tiny_settings: TrainingSettings, unbroken: RunDirectory, tmp_path: Path
) -> None:
    """A run that died in epoch 4, its last checkpoint of epoch 2, goes on as if nothing had been."""
    run = new_run(tmp_path / "run")
    run.checkpoint(2).write_bytes(unbroken.checkpoint(2).read_bytes())
    run.write_history(unbroken.read_history()[:3])
    (run.checkpoints_path / ".half.keras").write_bytes(b"PK")
    # Another process would begin with other random numbers.
    keras.utils.set_random_seed(random.randrange(1000))
    longer = msgspec.structs.replace(tiny_settings, epochs=5)
    assert trained(longer, material, run, Interruption(), TrainingCallbacks(), resume=True) == 5
    assert run.saved_epochs() == [2, 4, 5]
    *first, last = figures(run)
    for row, expected in zip(first, figures(unbroken), strict=True):
        assert row == pytest.approx(expected, rel=1e-5)
    for mine, theirs in zip(weights(run, 4, longer), weights(unbroken, 4, tiny_settings), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)
    assert last["epoch"] == 5
    assert last["learning_rate"] == pytest.approx(FINAL_RATE * tiny_settings.learning_rate)


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Epochs that take no time, and checkpoints with nothing in them."""

    def run_epoch(*given: Any) -> Row:
        *_, epoch, on_batch = given
        on_batch(epoch, 1, 1)
        return {"epoch": epoch, "loss": 1 / epoch}

    monkeypatch.setattr("lstm_composer.trainer.training.loop._trained", run_epoch)
    monkeypatch.setattr("lstm_composer.trainer.training.stream_learner.make_ready", lambda _network: None)
    monkeypatch.setattr(StreamLearner, "held_out", lambda *_: {})
    monkeypatch.setattr("lstm_composer.trainer.training.loop.write_run_file", lambda path, _: path.touch())


@pytest.mark.parametrize(("save_every", "saved"), [(1, [1, 2, 3, 4]), (2, [2, 4]), (3, [3, 4]), (25, [4])])
def test_what_is_saved(
    material: Dataset,
    tiny_settings: TrainingSettings,
    tmp_path: Path,
    pretend: None,
    save_every: int,
    saved: list[int],
) -> None:
    run = new_run(tmp_path / "run")
    told: list[tuple[float, bool]] = []

    def on_epoch(_network: StreamNetwork, rows: Sequence[Row], saved: bool) -> None:  # noqa: FBT001 - a callback
        told.append((rows[-1]["epoch"], saved))

    settings = msgspec.structs.replace(tiny_settings, save_every=save_every)
    assert trained(settings, material, run, Interruption(), TrainingCallbacks(on_epoch=on_epoch)) == 4
    assert run.saved_epochs() == saved
    assert told == [(epoch, epoch in saved) for epoch in (1, 2, 3, 4)]


@pytest.mark.parametrize("epoch", [1, 2, 3, 4])
def test_an_interrupted_epoch_is_finished_and_saved(
    material: Dataset, tiny_settings: TrainingSettings, tmp_path: Path, pretend: None, epoch: int
) -> None:
    run, interruption = new_run(tmp_path / "run"), Interruption()
    assert trained(tiny_settings, material, run, interruption, stopping_in(epoch, interruption)) == epoch
    assert run.saved_epochs()[-1] == epoch
    assert [row["epoch"] for row in run.read_history()] == list(range(1, epoch + 1))


def test_the_history_has_an_epoch_before_its_checkpoint_is_there(
    material: Dataset, tiny_settings: TrainingSettings, tmp_path: Path, pretend: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run killed while it saves must not resume with a gap in its history."""
    run = new_run(tmp_path / "run")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lstm_composer.trainer.training.loop.write_run_file", killed)
    with pytest.raises(KeyboardInterrupt):
        trained(tiny_settings, material, run, Interruption(), TrainingCallbacks())
    assert [row["epoch"] for row in run.read_history()] == [1, 2]
    assert run.saved_epochs() == []


def test_a_run_that_is_complete_is_left_alone(
    material: Dataset, tiny_settings: TrainingSettings, unbroken: RunDirectory
) -> None:
    before = figures(unbroken)
    assert trained(tiny_settings, material, unbroken, Interruption(), TrainingCallbacks(), resume=True) == 4
    assert figures(unbroken) == before


@pytest.mark.parametrize(
    "damage", [lambda data: b"", lambda data: b"no zip at all", lambda data: data[: len(data) // 2]]
)
def test_a_damaged_checkpoint_is_refused_in_one_line(
    unbroken: RunDirectory, tiny_settings: TrainingSettings, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    run = new_run(tmp_path / "run")
    run.checkpoint(2).write_bytes(damage(unbroken.checkpoint(2).read_bytes()))
    with pytest.raises(InputError, match=r"epoch_0002\.keras cannot be loaded") as refusal:
        load_network(run, 2, tiny_settings)
    assert "\n" not in str(refusal.value)


def test_dropout_follows_from_seed_and_epoch(tiny_settings: TrainingSettings) -> None:
    network = new_network(tiny_settings, updates_per_epoch=1)

    def states(seed: int, epoch: int) -> set[tuple[int, ...]]:
        seed_dropout(network, seed, epoch)
        found = [v for v in network.variables if v.path.endswith("seed_generator_state")]
        return {tuple(np.asarray(state).tolist()) for state in found}

    first = states(1, 1)
    assert len(first) == 3  # the LSTM layer, the states after it, and the heads: each draws its own
    assert states(1, 1) == first
    assert not states(1, 2) & first
    assert not states(2, 1) & first


def test_a_training_that_collapses_goes_back_with_half_the_rate(
    material: Dataset, tiny_settings: TrainingSettings, tmp_path: Path
) -> None:
    """A learning rate far too high: three returns, and then either a rate it can live with, or an end with a reason."""
    run, told = new_run(tmp_path / "run"), list[str]()
    settings = msgspec.structs.replace(tiny_settings, learning_rate=30.0, epochs=3, save_every=1)
    with step_by_step():
        saved = trained(settings, material, run, Interruption(), TrainingCallbacks(on_collapse=told.append))
    assert len(read_rollbacks(run)) == MAX_ROLLBACKS
    assert len(told) == MAX_ROLLBACKS + 1
    assert all("half the learning rate" in sentence for sentence in told[:-1])
    assert "giving up" in told[-1]
    assert saved == (run.saved_epochs() or [0])[-1]
    assert [row["epoch"] for row in run.read_history()] == list(range(1, len(run.read_history()) + 1))


def test_a_collapse_loses_nothing_that_was_good(
    material: Dataset, tiny_settings: TrainingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The weights are spoilt in the third epoch, once: the second is gone back to, and the training ends as planned."""
    run, told, spoilt = new_run(tmp_path / "run"), list[str](), list[int]()

    def spoil(epoch: int, batch: int, batches: int) -> None:
        if (epoch, batch) == (3, 1) and not spoilt:
            spoilt.append(epoch)
            bias = networks[-1].logits["pitch"].bias
            bias.assign(bias * float("nan"))

    networks: list[StreamNetwork] = []

    def watched(learner: StreamLearner, network: StreamNetwork, scale: float) -> None:
        networks.append(network)
        scale_rate(learner, network, scale)

    scale_rate = StreamLearner.scale_rate
    monkeypatch.setattr(StreamLearner, "scale_rate", watched)
    callbacks = TrainingCallbacks(on_batch=spoil, on_collapse=told.append)
    with step_by_step():
        assert trained(tiny_settings, material, run, Interruption(), callbacks) == 4
    [rollback] = read_rollbacks(run)
    assert (rollback.epoch, rollback.back_to, rollback.scale) == (3, 2, 0.5)
    assert told == [rollback.sentence]
    rows = run.read_history()
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    assert all(np.isfinite(row["loss"]) for row in rows)
    assert rows[2]["learning_rate"] < 0.5 * tiny_settings.learning_rate
