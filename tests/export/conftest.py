"""Networks trained a little, and what is made of them."""

import random
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import mido
import msgspec
import numpy as np
import onnx
import pytest

from runtime.bundle.files import Bundle, NetworkCard, expected_tensors, read_card
from runtime.graph.engine import Engine
from runtime.music.notes import Note
from trainer.cli.train import main as train
from trainer.network.stream_network import StreamNetwork, blank_inputs

TINY_CARD = Path(__file__).parents[1] / "data" / "tiny.onnx.json"


@pytest.fixture(scope="session", autouse=True)
def _alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One thread, so that sums come out the same twice, and a cache that is not the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TF_NUM_INTRAOP_THREADS", "1")
        patch.setenv("TF_NUM_INTEROP_THREADS", "1")
        patch.setenv("CUDA_VISIBLE_DEVICES", "-1")
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def _walk(seed: int, notes: int) -> list[Note]:
    draw = random.Random(seed)
    walk, tick, pitch = [], 0, 60
    for _ in range(notes):
        tick += draw.choice([0, 12, 12, 24, 24, 48])
        pitch = min(84, max(48, pitch + draw.choice([-4, -3, -2, -1, 1, 2, 3, 5])))
        walk.append(Note(tick, pitch, draw.choice([6, 12, 24, 36]), draw.randrange(40, 120, 8)))
    return walk


def _write_midi(path: Path, notes: list[Note]) -> None:
    changes = [(note.onset, 1, note) for note in notes] + [(note.end, 0, note) for note in notes]
    track, now = mido.MidiTrack(), 0
    for tick, starts, note in sorted(changes, key=lambda change: change[:2]):
        kind = "note_on" if starts else "note_off"
        time, now = tick - now, tick
        track.append(mido.Message(kind, note=note.pitch, velocity=note.velocity, time=time))
    mido.MidiFile(tracks=[track], ticks_per_beat=24).save(path)


@pytest.fixture(scope="session")
def run_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two epochs, both saved, of a network of two layers on five melodies."""
    folder, path = tmp_path_factory.mktemp("music"), tmp_path_factory.mktemp("runs") / "tiny"
    for seed in range(5):
        _write_midi(folder / f"walk{seed}.mid", _walk(seed, 40))
    flags = [
        "--units",
        "16",
        "--head-units",
        "16",
        "--batch-steps",
        "256",
        "--learning-rate",
        "0.02",
        "--save-every",
        "1",
    ]
    with warnings.catch_warnings():
        # Keras 3.15 copies variables in a way that NumPy 2 warns of.
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        train([str(folder), "--name", "tiny", "--run-dir", str(path), "--epochs", "2", *flags])
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
