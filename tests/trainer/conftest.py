"""Music small enough to train on in a test, and a quiet, slow TensorFlow."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from lstm_composer.trainer.dataset.training_piece import EncodedPiece, encode_piece
from lstm_composer.trainer.pieces.piece import Piece, make_piece
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.runs.settings import TrainingSettings
from tests.support.needs_tensorflow import needs
from tests.support.small_trainings import alone, let_go_of_graphs, short_pieces, train_step_by_step
from tests.support.walks import walk, write_midi

MakeSequences = Callable[[int], tuple[EncodedPiece, ...]]
TINY_NETWORK = ("--units", "16", "--layers", "1", "--head-units", "16", "--batch-steps", "256", "--seed", "3")


@pytest.fixture(scope="session", autouse=True)
def _alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with alone(tmp_path_factory.mktemp("cache")):
        yield


@pytest.fixture(scope="module", autouse=True)
def _short_pieces(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have networks play little to be judged; where no test has a network, TensorFlow is not loaded for it."""
    if not needs(request.path):
        yield
        return
    with short_pieces():
        yield
    let_go_of_graphs()


def _piece(seed: int, notes: int = 30) -> Piece:
    return make_piece(f"walk{seed}", walk(seed, notes))


@pytest.fixture(scope="session")
def make_walk() -> Callable[[int, int], Piece]:
    """Return the function that makes a performed piece by seed and number of notes (chord doubles fall out)."""
    return _piece


@pytest.fixture(scope="session")
def make_sequences() -> MakeSequences:
    """Return the function that makes some sequences of about 30 notes."""
    return lambda count: tuple(encode_piece(_piece(seed)) for seed in range(count))


@pytest.fixture(scope="session")
def tiny_settings() -> TrainingSettings:
    """A network and a training as small as they get, every kind of dropout included."""
    config = {"units": 16, "layers": 1, "head_units": 16}
    settings = {"name": "tiny", "source": "none", "epochs": 4, "save_every": 2, "batch_steps": 128, "window": 24}
    return msgspec.convert({**settings, "seed": 7, "network": config}, TrainingSettings)


@pytest.fixture(scope="session")
def write_walk() -> Callable[[Path, Piece], None]:
    """Return the function that writes a piece as a MIDI file, its folder too."""

    def write(path: Path, piece: Piece) -> None:
        write_midi(path, piece.notes)

    return write


@pytest.fixture(scope="session")
def music_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five good MIDI files, and one each that is corrupt, empty, a text and drums only."""
    folder = tmp_path_factory.mktemp("music")
    for seed in range(5):
        write_midi(folder / f"good{seed}.mid", walk(seed, 30))
    write_midi(folder / "drums.mid", walk(9, 30), channel=9)
    (folder / "corrupt.mid").write_bytes((folder / "good0.mid").read_bytes()[:60])
    (folder / "empty.mid").write_bytes(b"")
    (folder / "text.mid").write_text("Dear diary, today I wrote no music.")
    return folder


@pytest.fixture(scope="session")
def tiny_network() -> tuple[str, ...]:
    """Flags of `lstm-composer train` for a network that trains in seconds."""
    return TINY_NETWORK


@pytest.fixture(scope="session")
def two_epochs(
    music_folder: Path, tiny_network: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> RunDirectory:
    """A finished run of the style `first`, both epochs saved, to look at; who changes it takes a copy."""
    path = tmp_path_factory.mktemp("runs") / "first"
    argv = [str(music_folder), "--name", "first", "--run-dir", str(path), "--epochs", "2", "--save-every", "1"]
    train_step_by_step(*argv, *tiny_network)
    return RunDirectory(path)
