"""Tiny networks of both presets: trained, stopped, resumed, rolled back, and heard."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np
import pytest

from lstm_composer.runtime.music.token_encoding import TokenControls, notes_of, token_advancer, token_start
from lstm_composer.trainer.article.learner import TokenLearner
from lstm_composer.trainer.article.learner import _loaded as loaded
from lstm_composer.trainer.article.sampling import make_token_excerpts, runner_of
from lstm_composer.trainer.article.tokens import TokenCorpus, TokenPiece
from lstm_composer.trainer.article.windows import TokenMaterial, encoding_of, lay_out
from lstm_composer.trainer.dataset.split import Split
from lstm_composer.trainer.pieces.piece import make_piece
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.runs.settings import TrainingSettings
from lstm_composer.trainer.training.interruption import Interruption
from lstm_composer.trainer.training.loop import ROLLBACKS, Row, TrainingCallbacks, read_rollbacks, train

# Keras 3.15 copies variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SCALE = 0.02
WINDOW = 12
TIMES = ("seconds", "notes_per_second")
TUNE = ["C4", "E4", "G4", "0.4.7", "F4", "A4"]


def settings_of(preset: str, **changes: Any) -> TrainingSettings:
    known = {"name": "tiny", "source": "none", "epochs": 2, "save_every": 1, "seed": 7, "learning_rate": 1e-2}
    return msgspec.convert({**known, "preset": preset, **changes}, TrainingSettings)


def load(run: RunDirectory, preset: str, material: TokenMaterial) -> Any:
    return loaded(run, 2, settings_of(preset), len(material.vocabulary), WINDOW, SCALE)


def trained(
    settings: TrainingSettings,
    material: TokenMaterial,
    run: RunDirectory,
    interruption: Interruption,
    callbacks: TrainingCallbacks,
    *,
    resume: bool = False,
) -> int:
    learner = TokenLearner(settings, material, run, scale=SCALE)
    return train(learner, settings, run, interruption, callbacks, resume=resume)


@pytest.fixture(scope="module")
def material() -> TokenMaterial:
    """A tune of six tokens again and again, and one piece of it held out."""
    long, short = TokenPiece("long", tuple(TUNE * 25)), TokenPiece("short", tuple(TUNE * 4))
    part = {piece.name: (make_piece(piece.name, notes_of(piece.tokens)),) for piece in (long, short)}
    return lay_out(TokenCorpus((long, short), (), "none"), Split(part["long"], part["short"], ()), WINDOW)


@pytest.fixture(scope="module")
def runs(material: TokenMaterial, tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunDirectory]:
    """A run of each preset, two epochs, both saved."""
    made = {}
    for preset in ("article", "skuldur"):
        made[preset] = RunDirectory(tmp_path_factory.mktemp(preset) / "run")
        made[preset].create()
        assert trained(settings_of(preset), material, made[preset], Interruption(), TrainingCallbacks()) == 2
    return made


@pytest.mark.parametrize("preset", ["article", "skuldur"])
def test_what_a_training_leaves(runs: dict[str, RunDirectory], material: TokenMaterial, preset: str) -> None:
    assert runs[preset].saved_epochs() == [1, 2]
    rows = runs[preset].read_history()
    assert [row["epoch"] for row in rows] == [1, 2]
    figures = ["loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"]
    assert sorted(rows[0]) == sorted(["epoch", *TIMES, *figures])
    assert rows[1]["loss"] < rows[0]["loss"]
    seconds = len(material.train) / rows[0]["notes_per_second"]
    assert seconds == pytest.approx(rows[0]["seconds"], rel=0.01, abs=0.0006)  # so few notes take milliseconds
    assert rows[0]["learning_rate"] == pytest.approx(1e-2)


@pytest.mark.parametrize("preset", ["article", "skuldur"])
def test_resumed_is_unbroken(
    material: TokenMaterial, runs: dict[str, RunDirectory], tmp_path: Path, preset: str
) -> None:
    run, unbroken = RunDirectory(tmp_path / "run"), runs[preset]
    run.create()
    run.checkpoint(1).write_bytes(unbroken.checkpoint(1).read_bytes())
    run.write_history(unbroken.read_history())
    # Another process would begin with other random numbers.
    keras.utils.set_random_seed(random.randrange(1000))
    assert trained(settings_of(preset), material, run, Interruption(), TrainingCallbacks(), resume=True) == 2
    for row, expected in zip(run.read_history(), unbroken.read_history(), strict=True):
        assert {k: v for k, v in row.items() if k not in TIMES} == pytest.approx(
            {k: v for k, v in expected.items() if k not in TIMES}, rel=1e-5
        )
    weights = [[np.asarray(w) for w in load(one, preset, material).trainable_variables] for one in (run, unbroken)]
    for mine, theirs in zip(*weights, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


def test_an_interrupted_epoch_is_finished_and_saved_also_with_nothing_held_out(
    material: TokenMaterial, tmp_path: Path
) -> None:
    run, interruption = RunDirectory(tmp_path / "run"), Interruption()
    run.create()
    told: list[tuple[int, int, int]] = []
    saved: list[bool] = []

    def on_batch(*now: int) -> None:
        told.append((now[0], now[1], now[2]))
        interruption.asked = True

    def on_epoch(_network: Any, _rows: Sequence[Row], is_saved: bool) -> None:  # noqa: FBT001 - a callback
        saved.append(is_saved)

    settings = settings_of("article", epochs=5, save_every=5)
    alone = TokenMaterial(material.vocabulary, material.train, material.test, material.test)
    assert trained(settings, alone, run, interruption, TrainingCallbacks(on_batch, on_epoch)) == 1
    assert (run.saved_epochs(), saved) == ([1], [True])
    assert told == [(1, batch, 3) for batch in (1, 2, 3)]
    assert not [name for name in run.read_history()[0] if name.startswith("val_")]


def test_a_collapse_is_seen(material: TokenMaterial, tmp_path: Path) -> None:
    run, sentences = RunDirectory(tmp_path / "run"), list[str]()
    run.create()
    settings = msgspec.structs.replace(settings_of("article", epochs=1), learning_rate=1e6)
    earlier = [{"epoch": 1, "back_to": 0, "scale": 0.5**number, "sentence": "again"} for number in (1, 2)]
    run.write_json(ROLLBACKS, {"rollbacks": earlier})
    assert trained(settings, material, run, Interruption(), TrainingCallbacks(on_collapse=sentences.append)) == 0
    assert len(read_rollbacks(run)) == 3
    assert sentences[0].endswith("going back to the start with half the learning rate (1.2e+05)")
    assert "giving up" in sentences[-1]


@pytest.mark.parametrize("preset", ["article", "skuldur"])
def test_excerpts_are_what_the_runtime_would_play(
    runs: dict[str, RunDirectory], material: TokenMaterial, preset: str
) -> None:
    run, encoding = runner_of(load(runs[preset], preset, material)), encoding_of(material, preset)
    excerpts = make_token_excerpts(run, encoding, [1, 2], 8, TokenControls(min_p=0.01))
    for seed, excerpt in zip((1, 2), excerpts, strict=True):
        advance, cursor = token_advancer(run, encoding, TokenControls(min_p=0.01), seed), token_start(encoding, seed)
        for note in excerpt:
            played, cursor = advance(cursor)
            assert played == note
        assert excerpt[-1].onset == 7 * 12
