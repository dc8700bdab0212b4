"""What sets the presets apart stands with their encodings: the check of a card and the tensors of its graph."""

from pathlib import Path

import msgspec
import pytest

from lstm_composer.runtime.bundle.encodings import ArticleEncoding, EncodingCard, encoding_card
from lstm_composer.runtime.bundle.files import Bundle, load_bundle, write_bundle
from lstm_composer.runtime.bundle.tensors import expected_tensors, expected_token_tensors
from lstm_composer.runtime.errors import BundleError
from tests.support.token_bundle import ENCODING, VOCABULARY, token_card


def test_a_card_of_tokens_reads_back(tiny_bundle: Bundle, tmp_path: Path) -> None:
    card = token_card(tiny_bundle.card)
    read = load_bundle(write_bundle(card, tiny_bundle.onnx, tmp_path)).card
    assert read == card
    assert isinstance(read.encoding, ArticleEncoding)
    assert (read.inputs, read.outputs) == expected_token_tensors(ENCODING)


def test_what_is_in_time(tiny_bundle: Bundle) -> None:
    assert tiny_bundle.card.encoding.is_in_time
    assert not token_card(tiny_bundle.card).encoding.is_in_time


def test_the_tensors_of_events_follow_the_size_of_the_network(tiny_bundle: Bundle) -> None:
    network = tiny_bundle.card.network
    assert tiny_bundle.card.encoding.tensors(tiny_bundle.card) == expected_tensors(network.layers, network.units, 1)


@pytest.mark.parametrize(
    ("encoding", "why"),
    [
        (ENCODING, "the sizes of its tensors do not match"),
        (msgspec.structs.replace(ENCODING, vocabulary=["H9", *VOCABULARY]), "a vocabulary that cannot be played"),
        (msgspec.structs.replace(ENCODING, prompts=[[1, 2]]), "no window of its own vocabulary to begin with"),
        (msgspec.structs.replace(encoding_card(), velocity_bins=7), "another vocabulary than this program"),
    ],
)
def test_an_encoding_that_does_not_fit(
    tiny_bundle: Bundle, tmp_path: Path, encoding: ArticleEncoding | EncodingCard, why: str
) -> None:
    card = msgspec.structs.replace(tiny_bundle.card, encoding=encoding)
    with pytest.raises(BundleError, match=why):
        write_bundle(card, tiny_bundle.onnx, tmp_path)
