"""How well a network predicts pieces: negative log-likelihood per note and accuracy, per head."""

from collections.abc import Sequence

from lstm_composer.trainer.dataset.batches import dataset, whole_pieces
from lstm_composer.trainer.dataset.training_piece import EncodedPiece
from lstm_composer.trainer.network.stream_network import StreamNetwork


def evaluate(network: StreamNetwork, sequences: Sequence[EncodedPiece]) -> dict[str, float]:
    """Measure a network on whole pieces, its state carried from first note to last.

    Returns:
        `loss`: nats a note over all heads, the end of a piece included; `nll_<head>`: its parts (velocity: over the
        notes of all pieces, though only performances add to it); `accuracy_<head>`: 0..1.

    """
    batches = dataset(whole_pieces(sequences), network.config.styles)
    found = network.evaluate(batches, verbose=0, return_dict=True)
    return {name: float(value) for name, value in found.items()}
