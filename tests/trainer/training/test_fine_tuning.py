"""What --from names, what is taken over from it, and a fine-tuning from the command line."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from lstm_composer.runtime.errors import BundleError, ComposerError, InputError
from lstm_composer.trainer.cli.train import main
from lstm_composer.trainer.network.onnx_weights import weight_name
from lstm_composer.trainer.network.stream_network import StreamNetwork, blank_inputs
from lstm_composer.trainer.network.trained_network import load_network
from lstm_composer.trainer.runs.network_config import NetworkConfig
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.training.fine_tuning import (
    INITIAL_WEIGHTS,
    STYLE_TABLE,
    PretrainedNetwork,
    find_pretrained,
    load_weights,
    matching_config,
    with_new_vectors,
)
from lstm_composer.trainer.training.learned_from import styles_of_run
from tests.support.small_trainings import step_by_step

# Keras 3.15 copies variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

FAST = ("--epochs", "2", "--save-every", "1", "--batch-steps", "256", "--seed", "3")


@pytest.fixture(scope="module")
def run(two_epochs: RunDirectory) -> RunDirectory:
    """Two epochs of the style `first`."""
    return two_epochs


@pytest.fixture(scope="module")
def base(run: RunDirectory) -> PretrainedNetwork:
    return find_pretrained(str(run.path))


@pytest.fixture(scope="module")
def tuned(run: RunDirectory, music_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """Two epochs of the style `second` on top."""
    path = tmp_path_factory.mktemp("runs") / "second"
    with step_by_step():
        main([str(music_folder), "--name", "second", "--run-dir", str(path), "--from", str(run.path), *FAST])
    return RunDirectory(path)


def test_what_is_taken_over_from_a_run(base: PretrainedNetwork, run: RunDirectory, music_folder: Path) -> None:
    assert (base.card.epoch, [style.name for style in base.card.styles]) == (run.best_epoch(), ["first"])
    assert [(source.source, source.pieces) for source in base.card.data] == [(music_folder.name, 5)]
    assert (base.network.units, base.network.layers, base.network.head_units) == (16, 1, 16)
    network = load_network(run, run.best_epoch())
    assert [weight_name(variable) for variable in network.trainable_variables] == list(base.weights())


def test_a_new_style_begins_as_the_mean_of_the_others() -> None:
    table = np.array([[1.0, 2.0], [3.0, 6.0]])
    assert with_new_vectors(table, 2).tolist() == [[1, 2], [3, 6], [2, 4], [2, 4]]
    assert with_new_vectors(table, 0).tolist() == table.tolist()


def test_everything_else_begins_as_the_base(base: PretrainedNetwork) -> None:
    network = StreamNetwork({**base.network.as_dict(), "styles": 3})
    network(blank_inputs(3))
    weights = base.weights()
    load_weights(network, weights)
    for variable in network.trainable_variables:
        name, value = weight_name(variable), np.asarray(variable)
        expected = weights[name]
        np.testing.assert_array_equal(value, np.tile(expected, (3, 1)) if name == STYLE_TABLE else expected)


@pytest.mark.parametrize("config", [{"units": 8}, {"styles": 0}, {"layers": 2}])
def test_a_base_of_another_shape(base: PretrainedNetwork, config: dict[str, int]) -> None:
    if config == {"styles": 0}:
        weights = {**base.weights(), STYLE_TABLE: np.zeros((2, 8), np.float32)}
        config = {}
    else:
        weights = base.weights()
    network = StreamNetwork({**base.network.as_dict(), **config})
    network(blank_inputs(1))
    with pytest.raises(InputError, match="the base does not fit this version of the network"):
        load_weights(network, weights)


def test_a_fine_tuned_run(tuned: RunDirectory, run: RunDirectory, music_folder: Path) -> None:
    settings = tuned.read_settings()
    assert settings.base is not None
    assert (settings.base.source, settings.style_names, settings.network.styles) == (str(run.path), ("second",), 2)
    assert (settings.network.units, settings.patience, settings.save_every) == (16, 6, 1)
    assert [style.name for style in styles_of_run(tuned, settings)] == ["first", "second"]
    assert (tuned.path / INITIAL_WEIGHTS).is_file()
    assert [source.source for source in find_pretrained(str(tuned.path)).card.data] == [music_folder.name] * 2
    # Two epochs of the second style begin where two of the first have ended.
    assert tuned.read_history()[0]["loss"] < run.read_history()[0]["loss"]


def test_the_training_starts_from_the_base(tuned: RunDirectory, base: PretrainedNetwork) -> None:
    """Two small epochs on, and not from anywhere else."""
    name = "lstm_0/lstm_cell/recurrent_kernel"
    network = load_network(tuned, 2)
    [value] = [np.asarray(variable) for variable in network.trainable_variables if weight_name(variable) == name]
    assert 0 < np.abs(value - base.weights()[name]).mean() < 0.01


def test_a_resumed_run_needs_its_base_no_more(tuned: RunDirectory, music_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "second"
    shutil.copytree(tuned.path, path)
    for checkpoint in (path / "checkpoints").iterdir():
        checkpoint.unlink()
    argv = [str(music_folder), "--name", "second", "--run-dir", str(path), "--from", "gone", "--resume"]
    with step_by_step():
        assert main([*argv, "--epochs", "1"]) == 0
    assert RunDirectory(path).read_history()[0]["loss"] == pytest.approx(tuned.read_history()[0]["loss"], rel=1e-4)


def test_a_run_from_before_there_were_styles(run: RunDirectory, tmp_path: Path) -> None:
    old = RunDirectory(tmp_path / "old")
    old.create()
    corpus = {name: value for name, value in run.read_json("corpus.json").items() if name != "styles"}
    old.write_json("corpus.json", {**corpus, "tempo_bpm": 99.96})
    [style] = styles_of_run(old, run.read_settings())
    assert (style.name, style.tempo_bpm, style.meter, style.pieces) == ("first", 100.0, "4/4", 5)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--from", "nowhere"], "--from nowhere is neither a run directory nor a bundle; bundles there are: "),
        (["--from", "RUN", "--units", "32"], "--units 32 is not what --from RUN has (16): leave the flag out"),
        (["--from", "RUN", "--head-units", "8"], "--head-units 8 is not what --from RUN has (16)"),
        (["--from", "RUN", "--preset", "article"], "--from starts networks of preset stream, not of article"),
        (["--from", "ARTICLE"], "--from ARTICLE is of preset article: only networks of preset stream can be a base"),
        (["--from", "EMPTY"], "EMPTY has no checkpoint yet"),
        (["--from", "RUN", "--name", "first"], "RUN holds the style first already: give the new one another name"),
        (["--from", "TINY"], "bundle tiny does not say where its weights are: export it again"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_a_base_is_one_line(
    run: RunDirectory, music_folder: Path, tiny_models: Path, tmp_path: Path, flags: list[str], message: str
) -> None:
    for name, preset in (("empty", "stream"), ("article", "article")):
        (tmp_path / name).mkdir()
        config = {**json.loads(run.config_path.read_text()), "preset": preset}
        (tmp_path / name / "config.json").write_text(json.dumps(config))
    places = {
        "RUN": str(run.path),
        "ARTICLE": str(tmp_path / "article"),
        "EMPTY": str(tmp_path / "empty"),
        "TINY": str(tiny_models / "tiny.onnx"),
    }

    def at(text: str) -> str:
        for name, place in places.items():
            text = text.replace(name, place)
        return text

    argv = [str(music_folder), "--name", "x", "--run-dir", str(tmp_path / "run"), *map(at, flags)]
    with pytest.raises(ComposerError) as refusal:
        main(argv)
    assert at(message) in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("suffix", ["", ".onnx", ".onnx.json"])
def test_a_bundle_by_any_of_its_paths(tiny_models: Path, suffix: str) -> None:
    with pytest.raises(BundleError, match="bundle tiny does not say where its weights are"):
        find_pretrained(str(tiny_models / f"tiny{suffix}"))


def test_a_bundle_by_its_name(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSTM_COMPOSER_MODELS", str(tiny_models))
    with pytest.raises(BundleError, match="bundle tiny does not say where its weights are"):
        find_pretrained("tiny")


def test_dropout_is_that_of_the_new_run(base: PretrainedNetwork) -> None:
    wanted = NetworkConfig(dropout=0.4)
    network = matching_config(wanted, base, {"units": 16})
    assert (network.dropout, network.units, network.head_units, network.styles) == (0.4, 16, 16, 1)
