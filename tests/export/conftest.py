"""Networks trained a little, and what is made of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest

from lstm_composer.runtime.bundle.files import Bundle, read_card
from lstm_composer.runtime.bundle.schema import NetworkCard
from lstm_composer.runtime.bundle.tensors import expected_tensors
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.trainer.cli.train import main as train
from lstm_composer.trainer.network.stream_network import StreamNetwork, blank_inputs
from tests.support.small_trainings import alone, let_go_of_graphs, short_pieces, step_by_step
from tests.support.walks import walk, write_midi

TINY_CARD = Path(__file__).parents[1] / "data" / "tiny.onnx.json"


@pytest.fixture(scope="session", autouse=True)
def _alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with alone(tmp_path_factory.mktemp("cache")), short_pieces():
        yield


@pytest.fixture(scope="module", autouse=True)
def _little_memory() -> Iterator[None]:
    yield
    let_go_of_graphs()


@pytest.fixture(scope="session")
def run_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two epochs, both saved, of a network of two layers on five melodies."""
    folder, path = tmp_path_factory.mktemp("music"), tmp_path_factory.mktemp("runs") / "tiny"
    for seed in range(5):
        write_midi(folder / f"walk{seed}.mid", walk(seed, 40))
    size = ("--units", "16", "--head-units", "16")
    recipe = ("--epochs", "2", "--save-every", "1", "--batch-steps", "256", "--learning-rate", "0.02")
    with step_by_step():
        train([str(folder), "--name", "tiny", "--run-dir", str(path), *recipe, *size])
    return path


def _random_network(layers: int, units: int, memory: int = 0) -> StreamNetwork:
    network = StreamNetwork({"units": units, "layers": layers, "head_units": 16, "memory": memory})
    network(blank_inputs(1))
    rng = np.random.default_rng(layers)
    for variable in network.trainable_variables:
        variable.assign(rng.normal(size=variable.shape) * 0.4)
    return network


@pytest.fixture(scope="session")
def make_network() -> Callable[..., StreamNetwork]:
    """Return the function that makes a network of some layers and units whose choices differ from note to note.

    A third argument gives it a memory of so many events.
    """
    return _random_network


def _bundle_of(network: StreamNetwork, model: onnx.ModelProto) -> Bundle:
    config = network.config
    inputs, outputs = expected_tensors(config.layers, config.units, config.styles, config.memory)
    size = NetworkCard(layers=config.layers, units=config.units, memory=config.memory)
    card = msgspec.structs.replace(read_card(TINY_CARD), network=size, inputs=inputs, outputs=outputs)
    return Bundle(card, model.SerializeToString())


@pytest.fixture(scope="session")
def make_engine() -> Callable[[StreamNetwork, onnx.ModelProto], Engine]:
    """Return the function that loads a graph into the runtime's engine."""
    return lambda network, model: Engine(_bundle_of(network, model), "cpu")
