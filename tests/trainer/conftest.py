"""Music small enough to train on in a test, and a quiet, slow TensorFlow."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import mido
import msgspec
import pytest

from runtime.music.notes import Note
from trainer.dataset.training_piece import EncodedPiece, encode_piece
from trainer.pieces.piece import Piece, make_piece
from trainer.runs.settings import TrainingSettings

MakeSequences = Callable[[int], tuple[EncodedPiece, ...]]
TINY_NETWORK = ("--units", "16", "--layers", "1", "--head-units", "16", "--batch-steps", "256", "--seed", "3")


@pytest.fixture(scope="session", autouse=True)
def _alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One thread, so that sums come out the same twice, and a cache that is not the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TF_NUM_INTRAOP_THREADS", "1")
        patch.setenv("TF_NUM_INTEROP_THREADS", "1")
        patch.setenv("CUDA_VISIBLE_DEVICES", "-1")
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _short_pieces() -> Iterator[None]:
    """Networks that know nothing play eight bars to be judged, not 64."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trainer.judging.style.BARS", 8)
        yield


def _walk(seed: int, notes: int) -> list[Note]:
    """A melody that wanders, unlike that of any other seed; now and then a second voice joins."""
    draw = random.Random(seed)
    walk, tick, pitch = [], 0, 60
    for _ in range(notes):
        tick += draw.choice([0, 12, 12, 24, 24, 48])
        pitch = min(84, max(48, pitch + draw.choice([-4, -3, -2, -1, 1, 2, 3, 5])))
        walk.append(Note(tick, pitch, draw.choice([6, 12, 24, 36]), draw.randrange(40, 120, 8)))
    return walk


def _piece(seed: int, notes: int = 30) -> Piece:
    return make_piece(f"walk{seed}", _walk(seed, notes))


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


def _write_midi(path: Path, notes: list[Note], channel: int = 0) -> None:
    changes = [(note.onset, 1, note) for note in notes] + [(note.end, 0, note) for note in notes]
    track, now = mido.MidiTrack(), 0
    for tick, starts, note in sorted(changes, key=lambda change: change[:2]):
        kind = "note_on" if starts else "note_off"
        time, now = tick - now, tick
        track.append(mido.Message(kind, note=note.pitch, velocity=note.velocity, channel=channel, time=time))
    mido.MidiFile(tracks=[track], ticks_per_beat=24).save(path)


@pytest.fixture(scope="session")
def write_walk() -> Callable[[Path, Piece], None]:
    """Return the function that writes a piece as a MIDI file, its folder too."""

    def write(path: Path, piece: Piece) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_midi(path, list(piece.notes))

    return write


@pytest.fixture(scope="session")
def music_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five good MIDI files, and one each that is corrupt, empty, a text and drums only."""
    folder = tmp_path_factory.mktemp("music")
    for seed in range(5):
        _write_midi(folder / f"good{seed}.mid", _walk(seed, 30))
    _write_midi(folder / "drums.mid", _walk(9, 30), channel=9)
    (folder / "corrupt.mid").write_bytes((folder / "good0.mid").read_bytes()[:60])
    (folder / "empty.mid").write_bytes(b"")
    (folder / "text.mid").write_text("Dear diary, today I wrote no music.")
    return folder


@pytest.fixture(scope="session")
def tiny_network() -> tuple[str, ...]:
    """Flags of `lstm-composer train` for a network that trains in seconds."""
    return TINY_NETWORK
