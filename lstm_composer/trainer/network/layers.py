"""Two Keras layers without what this project does not need of them, the look-up that they share, and a product.

`SequenceLSTM` is an LSTM that trains faster on a CPU: the same weights, equations and options as `keras.layers.LSTM`.

Keras multiplies the inputs by their kernel anew at every step and adds up the kernels' gradients step by step, which
for small batches costs more than the arithmetic. Here both are one large product over the whole sequence, and only
what is recurrent stays in the loop. Measured: 1.6 times the notes a second at 16 pieces a batch on one core. Where
Keras has a cuDNN kernel, that is taken.

`ClassTable` is `keras.layers.Embedding` for classes that are never negative. Keras turns negative indices into ones
from the end, which becomes nine nodes in the exported graph for each of a dozen look-ups a note.
"""

from typing import Any

import keras
from keras import ops

Tensor = Any


def look_up(table: Tensor, classes: Tensor) -> Tensor:
    """Rows of `table` [rows, ...] by `classes` [...], each 0..rows-1."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf  # noqa: PLC0415 - only this backend is asked

        return tf.gather(ops.convert_to_tensor(table), classes)
    return ops.take(table, classes, axis=0)


def row_by_matrix(row: Tensor, matrix: Tensor) -> Tensor:
    """Multiply numbers [..., n] by a matrix [..., n, m]: a row [..., 1, m], so that several can be summed up first."""
    return ops.matmul(ops.expand_dims(row, -2), matrix)


def places(classes: Tensor) -> Tensor:
    """Where classes [voices, n] of each voice lie in a tensor [voices, classes]: [voices, n, 2], for TensorFlow alone.

    In the exported graph the classes alone say it (`export.graph_rewriting`).
    """
    import tensorflow as tf  # noqa: PLC0415 - only the step of one note comes here

    voices = tf.expand_dims(tf.range(tf.shape(classes, tf.int64)[0]), 1) + tf.zeros_like(classes)
    return tf.stack([voices, classes], -1)


@keras.saving.register_keras_serializable(package="lstm_composer")
class ClassTable(keras.layers.Embedding):  # type: ignore[misc] # Keras ships no types
    """An embedding of classes 0..input_dim-1."""

    def call(self, inputs: Tensor) -> Tensor:
        """Return the vectors [..., output_dim] of classes [...]."""
        return look_up(self.embeddings, inputs)


@keras.saving.register_keras_serializable(package="lstm_composer")
class SequenceLSTM(keras.layers.LSTM):  # type: ignore[misc] # Keras ships no types
    """`keras.layers.LSTM` that returns sequences and state; unmasked input [B, T, features]."""

    def call(
        self,
        sequences: Tensor,
        initial_state: list[Tensor] | None = None,
        mask: Tensor = None,
        training: bool = False,  # noqa: FBT001, FBT002 - Keras' signature
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return h at every step [B, T, units], and the last h and c [B, units]."""
        if not training or _keras_has_a_fused_kernel():
            result: tuple[Tensor, Tensor, Tensor] = super().call(sequences, initial_state, mask, training)
            return result
        if self.cell.dropout:
            sequences = sequences * ops.expand_dims(self.cell.get_dropout_mask(sequences[:, 0]), 1)
            self.cell.reset_dropout_mask()
        h, c = initial_state or self.get_initial_state(ops.shape(sequences)[0])
        driven = ops.transpose(ops.matmul(sequences, self.cell.kernel) + self.cell.bias, (1, 0, 2))
        # A copy, because a custom gradient that is handed a variable itself fails outside of tf.function.
        hidden, h, c = recurrence(driven, ops.copy(self.cell.recurrent_kernel), h, c)
        return ops.transpose(hidden, (1, 0, 2)), h, c


def _keras_has_a_fused_kernel() -> bool:
    if keras.backend.backend() != "tensorflow":
        return True
    import tensorflow as tf  # noqa: PLC0415 - only this backend is asked

    return bool(tf.config.list_logical_devices("GPU"))


@ops.custom_gradient  # type: ignore[untyped-decorator] # Keras ships no types
def recurrence(driven: Tensor, kernel: Tensor, h_first: Tensor, c_first: Tensor) -> Any:
    """Run the recurrent half of an LSTM (Hochreiter and Schmidhuber 1997, with forget gates, in Keras' gate order).

    Args:
        driven: [T, B, 4 * units], what the inputs contribute to the gates i, f, g, o, bias included.
        kernel: [units, 4 * units], the recurrent kernel.
        h_first: [B, units], the hidden state before the first step.
        c_first: [B, units], the cell state before the first step.

    Returns:
        h at every step [T, B, units], the last h and the last c.

    """

    def forward(state: Any, drive: Tensor) -> Any:
        h, c, _ = state
        i, f, g, o = ops.split(drive + ops.matmul(h, kernel), 4, axis=-1)
        i, f, g, o = ops.sigmoid(i), ops.sigmoid(f), ops.tanh(g), ops.sigmoid(o)
        c = f * c + i * g
        h = o * ops.tanh(c)
        state = (h, c, ops.concatenate([i, f, g, o], axis=-1))
        return state, state

    # The gates travel in the state because `ops.scan` on TensorFlow collects only what has the state's shape.
    first = (h_first, c_first, ops.zeros_like(driven[0]))
    (h_last, c_last, _), (hidden, cells, gates) = ops.scan(forward, first, driven)

    def gradient(*upstream: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        d_hidden, d_h_last, d_c_last = upstream
        h_before = ops.concatenate([h_first[None], hidden[:-1]], axis=0)
        c_before = ops.concatenate([c_first[None], cells[:-1]], axis=0)
        # One tensor, because `ops.scan` on TensorFlow takes several only if their length is known beforehand.
        slopes = ops.concatenate([d_hidden, *_slopes(gates, cells, c_before)], axis=-1)
        back_kernel, units = ops.transpose(kernel), kernel.shape[0]

        def backward(state: Any, slopes: Any) -> Any:
            d_h, d_c, _ = state
            d_out, c_slope, via_h, f, via_c = ops.split(slopes, [units, 2 * units, 3 * units, 4 * units], axis=-1)
            d_h = d_h + d_out
            d_c = d_c + d_h * c_slope
            d_gates = ops.concatenate([ops.tile(d_c, (1, 3)) * via_c, d_h * via_h], axis=-1)
            state = (ops.matmul(d_gates, back_kernel), d_c * f, d_gates)
            return state, state

        last = (d_h_last, d_c_last, ops.zeros_like(driven[0]))
        (d_h_first, d_c_first, _), (_, _, d_driven) = ops.scan(backward, last, slopes, reverse=True)
        d_kernel = ops.matmul(ops.transpose(ops.reshape(h_before, (-1, units))), ops.reshape(d_driven, (-1, 4 * units)))
        return d_driven, d_kernel, d_h_first, d_c_first

    return (hidden, h_last, c_last), gradient


def _slopes(gates: Tensor, cells: Tensor, c_before: Tensor) -> list[Tensor]:
    """Every derivative that does not depend on later steps, taken for all steps at once.

    Returns: d c / d h, d gate o / d h, the forget gate, each [T, B, units], and d gates(i, f, g) / d c,
    [T, B, 3 * units].
    """
    i, f, g, o = ops.split(gates, 4, axis=-1)
    squashed = ops.tanh(cells)
    via_c = ops.concatenate([g * i * (1 - i), c_before * f * (1 - f), i * (1 - g * g)], axis=-1)
    return [o * (1 - squashed * squashed), squashed * o * (1 - o), f, via_c]


def leading_sizes(tensor: Tensor, last: int) -> tuple[Any, ...]:
    """Sizes of a tensor's axes but for the last few, the first one left open."""
    return (-1, *ops.shape(tensor)[1:-last])
