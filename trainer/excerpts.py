"""Excerpts: music that a checkpoint makes, for the gates, for the ear, and always the same for the same seeds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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

TEMPERATURE = (1.0, 1.0, 1.0, 1.0)
"""As learned. Colder, the same few notes return too often: of three corpora fewer excerpts passed the loop gate, and
they were less like the music (docs/training.md has the table)."""
MIN_P = 0.01
"""What is a hundred times less likely than the likeliest is left out: one such note in a thousand is a wrong note."""
_SPARE = 1.25
"""Events made for each note asked for: a few make none."""


@dataclass(frozen=True, slots=True)
class Player:
    """A network that can be asked for the next note.

    Attributes:
        layers: LSTM layers.
        units: Cells in each.
        step: Inputs to outputs of one note for any number of voices, named and shaped as a bundle's tensors.

    """

    layers: int
    units: int
    step: Step


def player_of(network: StreamNetwork) -> Player:
    """Compile a network's step; it follows the network when other weights are loaded."""
    step = tf.function(lambda inputs: next_event(network, inputs))
    run = lambda inputs: {name: tensor.numpy() for name, tensor in step(inputs).items()}  # noqa: E731 - one line says it
    return Player(network.config.layers, network.config.units, run)


def controls_of(styles: int, style: int, **settings: Any) -> Controls:
    """What excerpts of one style are made with, as `play` would by default."""
    weights = tuple(float(index == style) for index in range(styles))
    return Controls(style=weights, temperature=TEMPERATURE, min_p=MIN_P, **settings)


def make_excerpts(player: Player, seeds: Sequence[int], notes: int, controls: Sequence[Controls]) -> list[list[Note]]:
    """Let a network improvise, all excerpts at once, each from the start of a piece that does not end.

    Args:
        player: The network.
        seeds: One for each excerpt; the noise is that of `play --seed`.
        notes: Notes in an excerpt, if the network makes as many.
        controls: One for each excerpt.

    """
    voices = len(seeds)
    start = (START.delta, START.pitch, START.duration, START.velocity)
    inputs: Arrays = {
        "event": np.tile(np.array([start], np.int32), (voices, 1)),
        "position": np.zeros(voices, np.int32),
        "h": np.zeros((player.layers, voices, player.units), np.float32),
        "c": np.zeros((player.layers, voices, player.units), np.float32),
        "remaining": np.full((voices, PITCHES), SILENT, np.int32),
        **stack_voices([voice.tensors(may_end=False) for voice in controls]),
    }
    events = []
    for number in range(int(notes * _SPARE)):
        noise = stack_voices([gumbel_noise(seed, number) for seed in seeds])
        found = player.step({**inputs, **noise})
        inputs |= {name: found[f"next_{name}"] for name in ("event", "position", "h", "c", "remaining")}
        events.append(inputs["event"])
    return [_notes_of(voice)[:notes] for voice in np.stack(events, axis=1)]


def _notes_of(events: NDArray[np.int32]) -> list[Note]:
    """Notes on the grid of the events [N, 4] of one voice, without those that have no length."""
    rows = [Event(*classes) for classes in events.tolist()]
    return quantise(note for note in decode(rows) if note.duration > LADDER[0])
