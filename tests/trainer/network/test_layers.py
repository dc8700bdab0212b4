from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from lstm_composer.trainer.network.layers import ClassTable, SequenceLSTM, look_up

BATCH, STEPS, FEATURES, UNITS = 3, 7, 5, 4
Arrays = list[NDArray[np.float32]]


@pytest.fixture
def inputs() -> Arrays:
    """A sequence, a first h and a first c."""
    rng = np.random.default_rng(0)
    shapes = ((BATCH, STEPS, FEATURES), (BATCH, UNITS), (BATCH, UNITS))
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def same_layers(dropout: float = 0.0) -> tuple[Any, Any]:
    """Ours and Keras' layer, with the same weights and the same seed for the dropout."""
    kinds = (SequenceLSTM, keras.layers.LSTM)
    pair = [kind(UNITS, return_sequences=True, return_state=True, dropout=dropout, seed=1) for kind in kinds]
    rng = np.random.default_rng(1)
    for layer in pair:
        layer.build((BATCH, STEPS, FEATURES))
    weights = [rng.normal(size=weight.shape) * 0.5 for weight in pair[0].get_weights()]
    for layer in pair:
        layer.set_weights(weights)
    return pair[0], pair[1]


def differentiated(layer: Any, *, use_state: bool, training: bool = True) -> Callable[..., list[Any]]:
    """The function from inputs to h at every step, last h and c, and the gradients by inputs and weights."""

    def run(*given: Any) -> list[Any]:
        with tf.GradientTape() as tape:
            tape.watch(given)
            sequence, *state = given
            outputs = layer(sequence, initial_state=state if use_state else None, training=training)
            total = sum(tf.reduce_sum(output * _own_weights(output)) for output in outputs)
        return [*outputs, *tape.gradient(total, [*given[: 3 if use_state else 1], *layer.trainable_variables])]

    return run


def _own_weights(output: Any) -> Any:
    """Of the shape of an output, all different, so that no two gradients can be mistaken for each other."""
    return tf.reshape(tf.cos(tf.cast(tf.range(tf.size(output)), tf.float32)), tf.shape(output))


def arrays(tensors: list[Any]) -> Arrays:
    return [np.asarray(tensor) for tensor in tensors]


def assert_alike(ours: Arrays, theirs: Arrays) -> None:
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("use_state", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("wrap", [pytest.param(lambda run: run, id="eager"), pytest.param(tf.function, id="graph")])
def test_outputs_and_gradients_are_those_of_keras(
    inputs: Arrays, wrap: Callable[..., Any], dropout: float, *, use_state: bool
) -> None:
    ours, theirs = same_layers(dropout)
    given = [tf.constant(array) for array in inputs]
    expected = arrays(wrap(differentiated(theirs, use_state=use_state))(*given))
    assert all(np.abs(array).max() > 0.01 for array in expected)
    assert_alike(arrays(wrap(differentiated(ours, use_state=use_state))(*given)), expected)


@pytest.mark.parametrize("steps", [1, 2, STEPS])
def test_a_length_that_is_not_known_beforehand(inputs: Arrays, steps: int) -> None:
    ours, theirs = same_layers()
    signature = [tf.TensorSpec((None, None, FEATURES)), tf.TensorSpec((None, UNITS)), tf.TensorSpec((None, UNITS))]
    compiled = tf.function(differentiated(ours, use_state=True), input_signature=signature)
    given = [tf.constant(array) for array in (inputs[0][:, :steps], *inputs[1:])]
    assert_alike(arrays(compiled(*given)), arrays(differentiated(theirs, use_state=True)(*given)))


def test_outside_of_training_it_is_keras_layer(inputs: Arrays) -> None:
    ours, theirs = same_layers(dropout=0.5)
    given = [tf.constant(array) for array in inputs]
    found, expected = (
        arrays(differentiated(layer, use_state=True, training=False)(*given)) for layer in (ours, theirs)
    )
    assert_alike(found, expected)


def test_a_sequence_in_two_halves_is_the_sequence(inputs: Arrays) -> None:
    layer, _ = same_layers()
    hidden, h, c = layer(inputs[0], training=True)
    first, h_between, c_between = layer(inputs[0][:, :3], training=True)
    second, h_last, c_last = layer(inputs[0][:, 3:], initial_state=[h_between, c_between], training=True)
    halves = [tf.concat([first, second], axis=1), h_last, c_last]
    assert_alike(arrays(halves), arrays([hidden, h, c]))


def test_one_dropout_mask_for_the_whole_sequence() -> None:
    kernel = np.zeros((UNITS, 4 * UNITS))
    kernel[:, 2 * UNITS : 3 * UNITS] = np.eye(UNITS)  # each input drives the cell of its own number
    layer = SequenceLSTM(UNITS, return_sequences=True, return_state=True, dropout=0.5, seed=1)
    layer.build((BATCH, STEPS, UNITS))
    layer.set_weights([kernel, np.zeros((UNITS, 4 * UNITS)), np.zeros(4 * UNITS)])
    hidden = np.asarray(layer(np.ones((BATCH, STEPS, UNITS), np.float32), training=True)[0])
    heard = hidden != 0
    assert (heard == heard[:, :1]).all()
    assert 0 < heard[:, 0].mean() < 1


def test_a_class_table_is_an_embedding() -> None:
    table, embedding = ClassTable(6, 3), keras.layers.Embedding(6, 3)
    classes = np.array([[0, 5, 2], [2, 2, 1]], np.int32)
    table.build(classes.shape)
    embedding.build(classes.shape)
    embedding.set_weights(table.get_weights())
    results = []
    for layer in (table, embedding):
        with tf.GradientTape() as tape:
            vectors = layer(classes)
            total = tf.reduce_sum(vectors * _own_weights(vectors))
        gradient = tf.convert_to_tensor(tape.gradient(total, layer.trainable_variables[0]))
        results.append(arrays([vectors, gradient]))
    assert_alike(*results)


def test_a_table_is_looked_up_by_any_number_of_dimensions() -> None:
    assert np.asarray(look_up(tf.constant([7, 8, 9]), tf.constant([[2, 0], [1, 1]]))).tolist() == [[9, 7], [8, 8]]
