"""Excerpts: music that a checkpoint makes, for the gates, for the ear, and always the same for the same seeds."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from runtime.controls import Controls, stack_voices
from runtime.encoding import LADDER, PITCHES, SILENT, START, Event, decode, quantise
from runtime.noise import gumbel_noise
from runtime.notes import Note
from trainer.event_step import next_event
from trainer.network import StreamNetwork

Arrays = dict[str, NDArray[Any]]
Step = Callable[[Arrays], Arrays]

TEMPERATURE = (0.9, 0.9, 0.9, 1.0)
"""A little below 1: the network spreads more over the unlikely than the music it learned from does."""
MIN_P = 0.03
_NEVER_ENDS = -1e9
_SPARE = 1.25
"""Events made for each note asked for: a few make none."""


def compiled_step(network: StreamNetwork) -> Step:
    """Compile the step of one note; it goes on to hold when other weights are loaded into the network."""
    step = tf.function(lambda inputs: next_event(network, inputs))
    return lambda inputs: {name: tensor.numpy() for name, tensor in step(inputs).items()}


def controls_of(styles: int, style: int, **settings: Any) -> Controls:
    """What excerpts of one style are made with, as `play` would by default."""
    weights = tuple(float(index == style) for index in range(styles))
    return Controls(style=weights, temperature=TEMPERATURE, min_p=MIN_P, **settings)


def make_excerpts(
    network: StreamNetwork, seeds: Sequence[int], notes: int, controls: Sequence[Controls], step: Step | None = None
) -> list[list[Note]]:
    """Let the network improvise, all excerpts at once, each from the start of a piece that does not end.

    Args:
        network: Of any preset that makes note events.
        seeds: One for each excerpt; the noise is that of `play --seed`.
        notes: Notes in an excerpt, if the network makes as many.
        controls: One for each excerpt.
        step: From `compiled_step`, to make it once for many checkpoints.

    """
    step = step or compiled_step(network)
    voices, config = len(seeds), network.config
    start = (START.delta, START.pitch, START.duration, START.velocity)
    inputs: Arrays = {
        "event": np.tile(np.array([start], np.int32), (voices, 1)),
        "position": np.zeros(voices, np.int32),
        "h": np.zeros((config.layers, voices, config.units), np.float32),
        "c": np.zeros((config.layers, voices, config.units), np.float32),
        "remaining": np.full((voices, PITCHES), SILENT, np.int32),
        "end_bias": np.full((voices, 1), _NEVER_ENDS, np.float32),
        **stack_voices([voice.tensors() for voice in controls]),
    }
    events = []
    for number in range(int(notes * _SPARE)):
        noise = stack_voices([gumbel_noise(seed, number) for seed in seeds])
        found = step({**inputs, **noise})
        inputs |= {name: found[f"next_{name}"] for name in ("event", "position", "h", "c", "remaining")}
        events.append(inputs["event"])
    return [_notes_of(voice)[:notes] for voice in np.stack(events, axis=1)]


def _notes_of(events: NDArray[np.int32]) -> list[Note]:
    """Notes on the grid of the events [N, 4] of one voice, without those that have no length."""
    rows = [Event(*classes) for classes in events.tolist()]
    return quantise(note for note in decode(rows) if note.duration > LADDER[0])
