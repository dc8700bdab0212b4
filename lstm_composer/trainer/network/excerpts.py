"""Excerpts: music that a checkpoint makes, for the gates, for the ear, and always the same for the same seeds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lstm_composer.runtime.bundle.tensors import expected_tensors
from lstm_composer.runtime.graph.carried_state import Carried, next_of
from lstm_composer.runtime.graph.gumbel_noise import gumbel_noise
from lstm_composer.runtime.graph.inputs import GraphInputs, stack_voices
from lstm_composer.runtime.music.event_encoding import LADDER, Event, decode, quantise
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.music.piece_keys import drawn, shares_of
from lstm_composer.trainer.network.sampling_step import step_function
from lstm_composer.trainer.network.stream_network import StreamNetwork

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
class SteppedNetwork:
    """A network compiled for one step: it makes the next note of any number of voices.

    Attributes:
        carried: What the network carries from note to note.
        step: Inputs to outputs of one note for any number of voices, named and shaped as a bundle's tensors.

    """

    carried: Carried
    step: Step

    @property
    def has_memory(self) -> bool:
        """Whether the network remembers the piece."""
        return "memory" in self.carried.names


def stepped(network: StreamNetwork) -> SteppedNetwork:
    """Compile a network's step; the step uses the weights that the network holds at the time of each call."""
    step, signature = step_function(network)
    config = network.config

    def run(inputs: Arrays) -> Arrays:
        found = step(*(tf.constant(inputs[spec.name], spec.dtype) for spec in signature))
        return {name: tensor.numpy() for name, tensor in found.items()}

    return SteppedNetwork(Carried(*expected_tensors(config.layers, config.units, config.styles, config.memory)), run)


def controls_of(styles: int, style: int, **settings: Any) -> GraphInputs:
    """What excerpts of one style are made with, as `play` would by default."""
    weights = tuple(float(index == style) for index in range(styles))
    return GraphInputs(style=weights, temperature=TEMPERATURE, min_p=MIN_P, **settings)


def make_excerpts(
    player: SteppedNetwork, seeds: Sequence[int], notes: int, controls: Sequence[GraphInputs]
) -> list[list[Note]]:
    """Let a network improvise, all excerpts at once, each from the start of a piece that does not end.

    Args:
        player: The network.
        seeds: One for each excerpt; the noise is that of `play --seed`.
        notes: Notes in an excerpt, if the network makes as many.
        controls: One for each excerpt.

    """
    asked = [_told(one, seed, player) for one, seed in zip(controls, seeds, strict=True)]
    inputs: Arrays = {
        **player.carried.start(len(seeds)).tensors,
        **stack_voices([one.tensors(may_end=False) for one in asked]),
    }
    events = []
    for number in range(int(notes * _SPARE)):
        noise = stack_voices([gumbel_noise(seed, number) for seed in seeds])
        found = player.step({**inputs, **noise})
        inputs |= {name: found[next_of(name)] for name in player.carried.names}
        events.append(inputs["event"])
    return [_notes_of(voice)[:notes] for voice in np.stack(events, axis=1)]


def _told(controls: GraphInputs, seed: int, player: SteppedNetwork) -> GraphInputs:
    """The same controls with what a network that remembers the piece is told of it: its key, drawn as `play` does."""
    if not player.has_memory:
        return controls
    key = drawn(shares_of([controls.style], controls.style_keys), seed, 0) if controls.key is None else controls.key
    return replace(controls, has_memory=True, key=key)


def _notes_of(events: NDArray[np.int32]) -> list[Note]:
    """Notes on the grid of the events [N, 4] of one voice, without those that have no length."""
    rows = [Event(*classes) for classes in events.tolist()]
    return quantise(note for note in decode(rows) if note.duration > LADDER[0])
