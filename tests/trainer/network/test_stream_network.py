import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from lstm_composer.runtime.music.event_encoding import (
    DELTA_CLASSES,
    DURATION_CLASSES,
    HEADS,
    LADDER,
    PITCHES,
    VELOCITY_BINS,
)
from lstm_composer.runtime.music.notes import Note
from lstm_composer.trainer.dataset.batches import Window, dataset, pack, whole_pieces
from lstm_composer.trainer.dataset.training_piece import EncodedPiece, encode_piece
from lstm_composer.trainer.network.devices import make_ready
from lstm_composer.trainer.network.onset import FORBIDDEN
from lstm_composer.trainer.network.stream_network import StreamNetwork, blank_inputs
from lstm_composer.trainer.pieces.piece import make_piece

# Keras 3.15 copies variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

MakeSequences = Callable[[int], tuple[EncodedPiece, ...]]
Logits = dict[str, NDArray[np.float32]]


def make_network(**config: Any) -> StreamNetwork:
    keras.utils.set_random_seed(1)
    network = StreamNetwork({"units": 16, "head_units": 16, **config})
    network.compile(optimizer=keras.optimizers.AdamW(1e-2, global_clipnorm=1.0), jit_compile=False)
    make_ready(network)  # or the first step is traced twice
    return network


@pytest.fixture(scope="module")
def network() -> StreamNetwork:
    return make_network()


@pytest.fixture
def inputs(make_sequences: MakeSequences) -> dict[str, Any]:
    """One performed piece as a batch."""
    [piece] = make_sequences(1)
    return pack([Window(piece, 0, piece.steps)], styles=1)[0]


def logits_of(network: StreamNetwork, inputs: dict[str, Any]) -> Logits:
    return {head: np.asarray(logits) for head, logits in network(inputs, training=False).items()}


def changed(inputs: dict[str, Any], name: str, column: int, step: int | None = None) -> dict[str, Any]:
    """The inputs with other classes in one column, at all steps or at one."""
    classes = inputs[name].copy()
    where = slice(None) if step is None else step
    classes[:, where, column] = (classes[:, where, column] + 1) % VELOCITY_BINS
    return {**inputs, name: classes}


def test_a_network_without_weights_is_uniform_over_what_the_encoding_allows(make_sequences: MakeSequences) -> None:
    network, [piece] = make_network(), make_sequences(1)
    for head in network.logits.values():
        head.set_weights([np.zeros_like(weight) for weight in head.get_weights()])
    found = network.evaluate(dataset(whole_pieces([piece]), styles=1), verbose=0, return_dict=True)
    assert found["nll_delta"] == pytest.approx(math.log(DELTA_CLASSES) * piece.steps / piece.notes, rel=1e-5)
    assert found["nll_duration"] == pytest.approx(math.log(DURATION_CLASSES), rel=1e-5)
    assert found["nll_velocity"] == pytest.approx(math.log(VELOCITY_BINS), rel=1e-5)
    assert found["nll_pitch"] == pytest.approx(
        np.mean([math.log(allowed) for allowed in allowed_pitches(piece)]), rel=1e-5
    )
    assert found["loss"] == pytest.approx(sum(found[f"nll_{head}"] for head in HEADS), rel=1e-5)


def allowed_pitches(piece: EncodedPiece) -> list[int]:
    """How many pitches may be struck at each note: those that do not sound, and in a chord only higher ones."""
    allowed = []
    for step in range(piece.notes):
        delta, previous = piece.target[step, 0], piece.event[step, 1]
        free = piece.remaining[step] - LADDER[delta] <= 0
        if delta == 0 and previous < PITCHES:
            free[: previous + 1] = False
        allowed.append(int(free.sum()))
    return allowed


@pytest.mark.parametrize(
    ("previous", "delta", "sounding", "ruled_out"),
    [
        (60, 24, {}, set()),
        (60, 24, {72: 25, 74: 24, 76: 10}, {72}),  # 74 ends as the note starts, 76 has ended
        (60, 0, {60: 24}, set(range(61))),
        (60, 0, {60: 24, 64: 1}, {*range(61), 64}),
        (PITCHES, 0, {}, set()),  # the first note of a piece is above nothing
    ],
)
def test_pitches_that_cannot_be_struck(
    network: StreamNetwork, previous: int, delta: int, sounding: dict[int, int], ruled_out: set[int]
) -> None:
    inputs = {name: np.array(values) for name, values in blank_inputs(1).items()}
    inputs["event"][..., 1] = previous
    inputs["target"][..., 0] = delta
    inputs["remaining"][...] = -99
    for pitch, ticks in sounding.items():
        inputs["remaining"][..., pitch] = ticks
    head = network.logits["pitch"]
    weights = head.get_weights()
    head.set_weights([np.zeros_like(weight) for weight in weights])
    pitch_logits = logits_of(network, inputs)["pitch"][0, 0]
    head.set_weights(weights)
    assert set(np.flatnonzero(pitch_logits == FORBIDDEN)) == ruled_out
    assert set(np.flatnonzero(pitch_logits == 0)) == set(range(PITCHES)) - ruled_out


def test_padding_costs_nothing(network: StreamNetwork, make_sequences: MakeSequences) -> None:
    [piece] = make_sequences(1)
    inputs, target, weights = pack([Window(piece, 0, 20)], styles=1)
    expected = network.evaluate(inputs, target, sample_weight=weights, verbose=0, return_dict=True)
    rng = np.random.default_rng(0)
    for name in ("event", "target", "position", "meter", "next_position"):
        inputs[name][:, 20:] = rng.integers(0, 19, inputs[name][:, 20:].shape)
    inputs["remaining"][:, 20:] = rng.integers(-99, 99, inputs["remaining"][:, 20:].shape)
    found = network.evaluate(inputs, inputs["target"], sample_weight=weights, verbose=0, return_dict=True)
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_loss_of_two_batches_is_that_of_all_their_notes(
    network: StreamNetwork, make_sequences: MakeSequences
) -> None:
    pieces = make_sequences(3)
    together, apart = (dataset(whole_pieces(pieces, steps), styles=1) for steps in (10_000, 1))
    assert (together.cardinality(), apart.cardinality()) == (1, 3)
    found, expected = (network.evaluate(batches, verbose=0, return_dict=True) for batches in (apart, together))
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("name", "reached"), [("event", {"velocity"}), ("target", set())])
def test_velocities_reach_their_own_head_alone(
    network: StreamNetwork, inputs: dict[str, Any], name: str, reached: set[str]
) -> None:
    before, after = logits_of(network, inputs), logits_of(network, changed(inputs, name, column=3))
    assert {head for head in HEADS if not np.array_equal(before[head], after[head])} == reached


@pytest.mark.parametrize(
    ("column", "reached"),
    [(0, {"pitch", "duration", "velocity"}), (1, {"duration", "velocity"}), (2, {"velocity"}), (3, set())],
)
def test_a_head_knows_what_the_heads_before_it_chose_and_no_more(
    network: StreamNetwork, inputs: dict[str, Any], column: int, reached: set[str]
) -> None:
    before, after = logits_of(network, inputs), logits_of(network, changed(inputs, "target", column))
    assert {head for head in HEADS if not np.array_equal(before[head], after[head])} == reached


@pytest.mark.parametrize("column", range(3))
def test_nothing_is_known_of_later_events(network: StreamNetwork, inputs: dict[str, Any], column: int) -> None:
    before, after = logits_of(network, inputs), logits_of(network, changed(inputs, "event", column, step=10))
    for head in HEADS:
        np.testing.assert_array_equal(before[head][:, :10], after[head][:, :10])
        assert not np.array_equal(before[head][:, 11:], after[head][:, 11:])


def test_styles_can_be_told_apart(make_sequences: MakeSequences) -> None:
    network, [piece] = make_network(styles=2), make_sequences(1)
    inputs = pack([Window(piece, 0, piece.steps)], styles=2)[0]
    other = {**inputs, "style": inputs["style"][:, ::-1]}
    assert not np.array_equal(logits_of(network, inputs)["delta"], logits_of(network, other)["delta"])


def test_heads_may_see_the_style(make_sequences: MakeSequences) -> None:
    """Here they alone do: the LSTM's kernel knows nothing of it."""
    network, [piece] = make_network(styles=2, style_units=3, style_in_heads=True), make_sequences(1)
    inputs = pack([Window(piece, 0, piece.steps)], styles=2)[0]
    kernel = np.array(network.stack[0].cell.kernel)
    kernel[-3:] = 0
    network.stack[0].cell.kernel.assign(kernel)
    before, after = (logits_of(network, {**inputs, "style": inputs["style"][:, ::way]}) for way in (1, -1))
    assert not any(np.array_equal(before[head], after[head]) for head in HEADS)


def test_one_bar_is_learned_by_heart() -> None:
    pitches = (60, 64, 67, 72, 71, 67, 65, 62, 59, 62, 65, 67, 64, 60, 55, 48)
    bar = encode_piece(make_piece("bar", [Note(6 * index, pitch, 6, 78) for index, pitch in enumerate(pitches)]))
    network = make_network(units=32, head_units=32, input_dropout=0.0, dropout=0.0, head_dropout=0.0)
    network.optimizer.learning_rate = 2e-2
    batch = dataset([[Window(bar, 0, bar.steps)]], styles=1)
    assert network.evaluate(batch, verbose=0, return_dict=True)["loss"] > 10
    network.fit(batch.repeat(60), epochs=1, verbose=0, shuffle=False)
    found = network.evaluate(batch, verbose=0, return_dict=True)
    assert found["loss"] < 0.3
    assert all(found[f"accuracy_{head}"] == 1 for head in HEADS)


def test_a_checkpoint_is_the_network_and_its_optimizer(make_sequences: MakeSequences, tmp_path: Path) -> None:
    network, pieces = make_network(layers=1), make_sequences(2)
    network.run_eagerly = True  # for two batches a graph is not worth its making
    network.fit(dataset(whole_pieces(pieces), styles=1), epochs=2, verbose=0, shuffle=False)
    network.save(tmp_path / "epoch.keras")
    loaded = keras.saving.load_model(tmp_path / "epoch.keras")
    assert loaded.config == network.config
    inputs = pack([Window(pieces[0], 0, pieces[0].steps)], styles=1)[0]
    before, after = logits_of(network, inputs), logits_of(loaded, inputs)
    for head in HEADS:
        np.testing.assert_array_equal(before[head], after[head])
    assert len(network.optimizer.variables) > len(network.trainable_variables)
    for mine, theirs in zip(network.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(mine), np.asarray(theirs), err_msg=mine.path)
    assert loaded.optimizer.global_clipnorm == 1.0


def test_it_also_trains_step_by_step_for_a_debugger(make_sequences: MakeSequences) -> None:
    eager, pieces = make_network(), make_sequences(1)
    eager.compile(optimizer=keras.optimizers.AdamW(1e-2), run_eagerly=True)
    losses = eager.fit(dataset(whole_pieces(pieces), styles=1), epochs=3, verbose=0, shuffle=False).history["loss"]
    assert losses[2] < losses[0]
