"""What a network with a head for each part of an event is trained and measured by: the likelihood of what came next."""

from typing import Any

import keras
from keras import ops

from lstm_composer.runtime.music.event_encoding import HEADS

Tensor = Any


class HeadLikelihood(keras.Model):  # type: ignore[misc] # Keras ships no types
    """A model that returns logits per head, with its loss and its metrics."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.nll = {head: keras.metrics.Mean(name=f"nll_{head}") for head in HEADS}
        self.hits = {head: keras.metrics.Mean(name=f"accuracy_{head}") for head in HEADS}
        self.loss_mean = keras.metrics.Mean(name="loss")

    def compute_loss(
        self,
        x: Any = None,
        y: Tensor = None,
        y_pred: Any = None,
        sample_weight: Tensor = None,
        training: bool = True,  # noqa: FBT001, FBT002 - Keras' signature
    ) -> Tensor:
        """Mean negative log-likelihood in nats a note, summed over the heads.

        `y` [B, T, 4] are the classes, `sample_weight` [B, T, 4] is 1 where a head has something to say: not in
        padding, and only for delta at the end of a piece.
        """
        notes = ops.maximum(ops.sum(sample_weight[..., 1]), 1.0)
        total = 0.0
        for column, head in enumerate(HEADS):
            weight, classes = sample_weight[..., column], ops.minimum(y[..., column], y_pred[head].shape[-1] - 1)
            cost = keras.losses.sparse_categorical_crossentropy(classes, y_pred[head], from_logits=True)
            total_cost = ops.sum(cost * weight)
            hit = ops.cast(ops.argmax(y_pred[head], axis=-1), "int32") == ops.cast(classes, "int32")
            self.nll[head].update_state(total_cost / notes, sample_weight=notes)
            self.hits[head].update_state(ops.cast(hit, "float32"), sample_weight=weight)
            total = total + total_cost / notes
        self.loss_mean.update_state(total, sample_weight=notes)
        return total

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The metrics that Keras resets before every epoch."""
        return [self.loss_mean, *self.nll.values(), *self.hits.values()]

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Tensor]:
        """Return means over the epoch so far: nats a note per head and in total, and accuracy per head."""
        return {metric.name: metric.result() for metric in self.metrics}
