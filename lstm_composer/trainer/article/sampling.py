"""One token per voice, with the sampling inside: what the exported graph runs, and what makes a checkpoint's sample."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.music.token_encoding import (
    Arrays,
    Run,
    TokenControls,
    TokenEncoding,
    notes_of,
    token_noise,
    token_start,
)
from lstm_composer.trainer.article.network import logits_of
from lstm_composer.trainer.article.windows import scalars
from lstm_composer.trainer.network.sampling_step import SMALLEST_MIN_P, gumbel_max, log_probabilities

Tensor = Any


def next_token(logits: Any, classes: int, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Run the whole window and choose; names, types and shapes as in `runtime.music.token_encoding.token_tensors`.

    Args:
        logits: The network without its softmax.
        classes: Tokens in the vocabulary.
        inputs: By name.

    """
    found = logits(scalars(inputs["window"], classes), training=False)
    floor = inputs["temperature"] * ops.log(ops.maximum(inputs["min_p"], SMALLEST_MIN_P))
    chosen = gumbel_max(found, inputs["noise"] * inputs["temperature"], floor)
    return {
        "next_token": tf.cast(chosen, tf.int32),
        "log_probability": log_probabilities([found], tf.expand_dims(chosen, 1)),
    }


def runner_of(network: Any) -> Run:
    """Compile a network's step for any number of voices; it follows the network when other weights are loaded."""
    logits, classes = logits_of(network), network.output_shape[-1]
    step = tf.function(lambda inputs: next_token(logits, classes, inputs), autograph=False, reduce_retracing=True)

    def run(inputs: Arrays) -> Arrays:
        found = step({name: tf.constant(values) for name, values in inputs.items()})
        return {name: tensor.numpy() for name, tensor in found.items()}

    return run


def make_token_excerpts(
    run: Run, encoding: TokenEncoding, seeds: Sequence[int], tokens: int, controls: TokenControls
) -> list[list[Note]]:
    """Let a network improvise, all excerpts at once: what `write --seed` would make of a bundle.

    Args:
        run: The network's step (`runner_of`).
        encoding: Of its run.
        seeds: One for each excerpt.
        tokens: Notes and chords in an excerpt.
        controls: Of all excerpts.

    """
    windows = np.array([token_start(encoding, seed).window for seed in seeds], np.int32)
    constant = {name: np.repeat(values, len(seeds), axis=0) for name, values in controls.tensors().items()}
    for number in range(tokens):
        noise = np.concatenate([token_noise(seed, number, len(encoding.vocabulary)) for seed in seeds])
        found = run({**constant, "window": windows[:, -encoding.window :], "noise": noise})
        windows = np.concatenate([windows, found["next_token"][:, None]], axis=1)
    made = windows[:, encoding.window :].tolist()
    return [notes_of(encoding.vocabulary[token] for token in voice) for voice in made]
