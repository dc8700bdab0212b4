from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from trainer.layers import ClassTable, SequenceLSTM, look_up

BATCH, STEPS, FEATURES, UNITS = 3, 7, 5, 4
Arrays = list[NDArray[np.float32]]


@pytest.fixture
def inputs() -> Arrays:
    """A sequence, a first h and a first c."""
    rng = np.random.default_rng(0)
    shapes = ((BATCH, STEPS, FEATURES), (BATCH, UNITS), (BATCH, UNITS))
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def layers(dropout: float = 0.0) -> tuple[Any, Any]:
    """Ours and Keras' layer with the same weights and the same dropout."""
    pair = [
        kind(UNITS, return_sequences=True, return_state=True, dropout=dropout, seed=1)
        for kind in (SequenceLSTM, keras.layers.LSTM)
    ]
    rng = np.random.default_rng(1)
    for layer in pair:
        layer.build((BATCH, STEPS, FEATURES))
    weights = [rng.normal(size=weight.shape) * 0.5 for weight in pair[0].get_weights()]
    for layer in pair:
        layer.set_weights(weights)
    return pair[0], pair[1]


def outputs_and_gradients(layer: Any, inputs: Arrays, *, use_state: bool, training: bool = True) -> Arrays:
    """h at every step, last h and c, then the gradients by inputs and weights of a sum that weighs each output alike."""
    with tf.GradientTape() as tape:
        given = [tf.convert_to_tensor(array) for array in inputs]
        tape.watch(given)
        sequence, *state = given
        outputs = layer(sequence, initial_state=state if use_state else None, training=training)
        rng = np.random.default_rng(2)
        total = sum(tf.reduce_sum(output * rng.normal(size=output.shape)) for output in outputs)
    sources = [*(given if use_state else given[:1]), *layer.trainable_variables]
    return [np.asarray(array) for array in (*outputs, *tape.gradient(total, sources))]


def assert_alike(ours: Arrays, theirs: Arrays) -> None:
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("use_state", [False, True])
@pytest.mark.parametrize("in_graph", [False, True])
def test_outputs_and_gradients_are_those_of_keras(inputs: Arrays, *, use_state: bool, in_graph: bool) -> None:
    def run(layer: Any) -> Any:
        return outputs_and_gradients(layer, inputs, use_state=use_state)

    ours, theirs = layers()
    expected = outputs_and_gradients(theirs, inputs, use_state=use_state)
    assert any(np.abs(gradient).max() > 0.1 for gradient in expected[3:])
    if not in_graph:
        assert_alike(run(ours), expected)
        return

    @tf.function
    def compiled(*arrays: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(arrays)
            sequence, *state = arrays
            outputs = ours(sequence, initial_state=state if use_state else None, training=True)
            rng = np.random.default_rng(2)
            total = sum(tf.reduce_sum(output * rng.normal(size=output.shape)) for output in outputs)
        sources = [*(arrays if use_state else arrays[:1]), *ours.trainable_variables]
        return [*outputs, *tape.gradient(total, sources)]

    assert_alike([np.asarray(array) for array in compiled(*map(tf.constant, inputs))], expected)
