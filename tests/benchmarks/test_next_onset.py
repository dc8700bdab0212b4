"""What the benchmarks compare `stream` and the article's network by: the name of the next onset."""

import keras
import pytest

from benchmarks.common.onset_tokens import token_of, tokens_of
from benchmarks.training.next_onset import onset_accuracy
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.music.token_encoding import pitches_of
from lstm_composer.trainer.dataset.batches import dataset, whole_pieces
from lstm_composer.trainer.dataset.training_piece import encode_piece
from lstm_composer.trainer.network.excerpts import stepped
from lstm_composer.trainer.network.stream_network import StreamNetwork
from lstm_composer.trainer.pieces.piece import Piece, make_piece

# Keras 3.15 copies variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize(
    ("pitches", "token"),
    [
        ([60], "C4"),
        ([63], "E-4"),
        ([0], "C-1"),
        ([60, 64, 67], "0.4.7"),
        ([55, 64, 72], "0.4.7"),
        ([60, 72], "0"),
        ([60, 60], "C4"),
        ([71, 62, 65], "2.5.11"),
    ],
)
def test_the_name_of_an_onset(pitches: list[int], token: str) -> None:
    assert token_of(pitches) == token
    if len(set(pitches)) == 1 and pitches[0] >= 12:
        assert pitches_of(token) == (pitches[0],)


def test_one_token_for_each_onset() -> None:
    notes = [Note(0, 60, 24, 78), Note(0, 64, 48, 78), Note(24, 62, 24, 78)]
    assert list(tokens_of(notes)) == ["0.4", "D4"]


CHORDS = ((60,), (60, 64, 67), (62,), (59, 62, 67), (64,), (65, 69))


def tune(name: str, shift: int = 0) -> Piece:
    """Chords and single notes in an uneven rhythm, twelve onsets."""
    onsets = [24 * index + 12 * (index % 2) for index in range(2 * len(CHORDS))]
    return make_piece(
        name,
        [
            Note(onset, pitch + shift, 12, 78)
            for onset, chord in zip(onsets, CHORDS * 2, strict=True)
            for pitch in chord
        ],
    )


@pytest.fixture(scope="module")
def learned() -> StreamNetwork:
    """A network that knows one tune by heart."""
    keras.utils.set_random_seed(1)
    network = StreamNetwork({"units": 32, "layers": 1, "head_units": 32, "styles": 1})
    network.compile(optimizer=keras.optimizers.Adam(1e-2), jit_compile=False)
    batches = dataset(whole_pieces([encode_piece(tune("tune"))]), 1).repeat(150)
    network.fit(batches, shuffle=False, verbose=0)
    return network


def test_a_tune_that_is_known_by_heart_and_one_that_is_not(learned: StreamNetwork) -> None:
    known, strange = encode_piece(tune("tune")), encode_piece(tune("other", shift=7))
    found = onset_accuracy(stepped(learned), [known])
    assert (found.pitches, found.time_and_pitches, found.onsets) == (1.0, 1.0, 12)
    both = onset_accuracy(stepped(learned), [known, strange])
    assert both.onsets == 24
    assert both.pitches < 0.75


def test_a_network_that_knows_nothing() -> None:
    keras.utils.set_random_seed(2)
    network = StreamNetwork({"units": 4, "layers": 1, "head_units": 4, "styles": 1})
    found = onset_accuracy(stepped(network), [encode_piece(tune("tune"))])
    assert found.onsets == 12
    assert found.time_and_pitches <= found.pitches < 0.5
