"""Proof that the exported graph is the network: both run over the same notes, the state carried from step to step.

The graph makes the notes, one run per note, from its own state. Keras is then shown the whole sequence at once, in the
code that training runs, the pitches that sound having been computed from the events by other code. Every choice must be
Keras' choice too, and every log-probability the same.
"""

from dataclasses import dataclass

import numpy as np
from keras import ops
from numpy.typing import NDArray

from lstm_composer.runtime.bundle.schema import ParityCard
from lstm_composer.runtime.errors import ComposerError
from lstm_composer.runtime.graph.engine import Engine, Step
from lstm_composer.runtime.graph.gumbel_noise import gumbel_noise
from lstm_composer.runtime.graph.inputs import GraphInputs, temperatures
from lstm_composer.runtime.music.event_encoding import DELTA_END, HEADS, LADDER, START, meter_class
from lstm_composer.runtime.music.notes import Meter
from lstm_composer.runtime.music.piece_memory import AS_LEARNED
from lstm_composer.trainer.dataset.training_piece import remaining_table
from lstm_composer.trainer.network.stream_network import StreamNetwork
from lstm_composer.trainer.pieces.recollection import recollect

STEPS = 64
LARGEST_DIFFERENCE = 1e-4
_METER = Meter(4, 4)
_KEY = 14
"""D minor."""


class ParityError(ComposerError):
    """The graph and the network disagree, as they do where weights are so large that sums lose their digits."""


@dataclass(frozen=True, slots=True)
class _Run:
    """What the graph made: classes [STEPS, 4] and log-probabilities [STEPS, 4]."""

    events: NDArray[np.int32]
    log_probability: NDArray[np.float32]


def check_parity(network: StreamNetwork, engine: Engine) -> ParityCard:
    """Compare network and graph over STEPS greedy and STEPS sampled notes in the first style.

    Raises:
        ParityError: If a greedy choice differs, or a log-probability by more than LARGEST_DIFFERENCE.

    """
    style = tuple(float(index == 0) for index in range(network.config.styles))
    greedy, sampled = (_run_graph(engine, style, temperature) for temperature in (0.0, 1.0))
    difference = 0.0
    for run in (greedy, sampled):
        log_probability = _keras_log_probabilities(network, run.events, style)
        seen = _of_events(log_probability, run.events)
        difference = max(difference, float(np.max(np.abs(seen - run.log_probability))))
        if run is greedy:
            greedy_equal = bool(np.all(_greedy_choices(log_probability) == run.events))
    return parity_card("events", difference, greedy_equal=greedy_equal)


def parity_card(choices: str, difference: float, *, greedy_equal: bool) -> ParityCard:
    """Return what is kept of a comparison over STEPS steps.

    Args:
        choices: What is chosen: "events" or "tokens".
        difference: The largest of two log-probabilities, in nats.
        greedy_equal: Whether all greedy choices are the same.

    Raises:
        ParityError: If one differs, or a log-probability by more than LARGEST_DIFFERENCE.

    """
    if not greedy_equal or not difference <= LARGEST_DIFFERENCE:
        raise ParityError(
            f"the graph differs from the network: greedy {choices} equal: {greedy_equal}, log-probabilities by up to "
            f"{difference:.2e} (allowed: {LARGEST_DIFFERENCE:.0e}): export another epoch"
        )
    return ParityCard(steps=STEPS, greedy_equal=greedy_equal, max_difference=difference)


def _run_graph(engine: Engine, style: tuple[float, ...], temperature: float) -> _Run:
    remembers = bool(engine.card.network.memory)
    controls = GraphInputs(
        style=style,
        meter=_METER,
        temperature=temperatures(temperature, ()),
        has_memory=remembers,
        key=_KEY,
        recall=AS_LEARNED,
    )
    tensors, state = controls.tensors(may_end=False), engine.start()
    steps: list[Step] = []
    for number in range(STEPS):
        steps.append(engine.step(state, tensors, gumbel_noise(0, number)))
        state = steps[-1].state
    return _Run(
        np.concatenate([step.state.event for step in steps]), np.concatenate([step.log_probability for step in steps])
    )


def _keras_log_probabilities(
    network: StreamNetwork, events: NDArray[np.int32], style: tuple[float, ...]
) -> dict[str, NDArray[np.float32]]:
    """Log-probabilities [STEPS, classes] of every class per head, from the training code's view of the events."""
    onsets = [0, *np.cumsum([LADDER[delta] for delta in events[:, 0]]).tolist()]
    positions = np.array(onsets, np.int32) % _METER.ticks_per_bar
    past = recollect(events, onsets, [_METER.ticks_per_bar] * len(onsets))
    start = np.array([[START.delta, START.pitch, START.duration, START.velocity]], np.int32)
    inputs = {
        "event": np.concatenate([start, events[:-1]]),
        "target": events,
        "position": positions[:-1],
        "next_position": positions[1:],
        "meter": np.full(len(events), meter_class(_METER), np.int32),
        "remaining": remaining_table(events, onsets)[:-1],
        "style": np.array(style, np.float32),
        "bar": np.array(onsets[:-1], np.int32) // _METER.ticks_per_bar,
        "candidates": past.candidates[:-1],
        "times": past.times[:-1],
        "key": np.array(_KEY, np.int32),
    }
    logits = network({name: values[None] for name, values in inputs.items()}, training=False)
    return {head: np.asarray(ops.log_softmax(logits[head][0], axis=-1)) for head in HEADS}


def _of_events(log_probability: dict[str, NDArray[np.float32]], events: NDArray[np.int32]) -> NDArray[np.float32]:
    steps = np.arange(len(events))
    return np.stack([log_probability[head][steps, events[:, column]] for column, head in enumerate(HEADS)], axis=-1)


def _greedy_choices(log_probability: dict[str, NDArray[np.float32]]) -> NDArray[np.int64]:
    """The likeliest classes [STEPS, 4]; the graph was not allowed to end the piece."""
    delta = log_probability["delta"].copy()
    delta[:, DELTA_END] = -np.inf
    heads = {**log_probability, "delta": delta}
    return np.stack([np.argmax(heads[head], axis=-1) for head in HEADS], axis=-1)
