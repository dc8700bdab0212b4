"""A network that remembers the piece: its memory, its clock, its key, and what it is asked to bring back."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from lstm_composer.runtime.bundle.files import Bundle, load_bundle, read_card
from lstm_composer.runtime.bundle.schema import BundleCard, NetworkCard
from lstm_composer.runtime.bundle.tensors import expected_tensors
from lstm_composer.runtime.errors import BundleError
from lstm_composer.runtime.generation.free_voice import make_advance
from lstm_composer.runtime.generation.voice_state import FreeState
from lstm_composer.runtime.graph.carried_state import State
from lstm_composer.runtime.graph.engine import Engine, Step
from lstm_composer.runtime.graph.gumbel_noise import gumbel_noise
from lstm_composer.runtime.graph.inputs import GraphInputs, stack_voices
from lstm_composer.runtime.graph.inspection import check_graph
from lstm_composer.runtime.music.event_encoding import DELTA_END, LADDER, Event
from lstm_composer.runtime.music.notes import Meter
from lstm_composer.runtime.music.piece_memory import EVENT_ROWS, MEMORY_ROWS, NO_EVENT, NO_KEY, NO_MATCH
from tests.support.tiny_memory import EVENTS, LONGEST_MATCH

GREEDY = GraphInputs(style=(1.0,), temperature=(0.0,) * 4, has_memory=True)
WARM = GraphInputs(style=(1.0,), has_memory=True, shortest_piece_bars=1000)


def run(engine: Engine, controls: GraphInputs, count: int, seed: int = 0) -> list[Step]:
    steps: list[Step] = []
    state = engine.start()
    for number in range(count):
        steps.append(engine.step(state, controls.tensors(), gumbel_noise(seed, number)))
        state = steps[-1].state
    return steps


def remembered(events: list[Event]) -> NDArray[np.float32]:
    """The memory [6, EVENTS] before an event, by the events before it, the latest last."""
    memory = np.full((MEMORY_ROWS, EVENTS), NO_EVENT, np.float32)
    memory[EVENT_ROWS:] = NO_MATCH
    for index, event in enumerate(reversed(events[-EVENTS:])):
        memory[:EVENT_ROWS, index] = event.delta, event.pitch, event.duration, event.velocity
        for row, of in ((EVENT_ROWS, lambda one: one.pitch), (EVENT_ROWS + 1, lambda one: one.duration)):
            length = 0
            while index > 0 and index + length < len(events):
                if of(events[-1 - length]) != of(events[-1 - index - length]):
                    break
                length += 1
            memory[row, index] = min(length, LONGEST_MATCH)
    return memory


def test_what_a_network_with_a_memory_takes_and_gives() -> None:
    inputs, outputs = expected_tensors(2, 8, 3, memory=512)
    assert [one.name for one in inputs if not one.name.endswith("_bias")][:14] == [
        *("event", "position", "ticks_per_bar", "meter", "key", "style", "h", "c", "remaining", "memory", "clock"),
        *("temperature", "min_p", "recall"),
    ]
    assert [one.name for one in outputs] == [
        *("next_event", "log_probability", "next_position", "next_h", "next_c", "next_remaining"),
        *("next_memory", "next_clock"),
    ]
    found = {one.name: (one.dtype, one.shape) for one in (*inputs, *outputs)}
    assert found["memory"] == found["next_memory"] == ("float32", ("voices", 6, 512))
    assert found["clock"] == found["next_clock"] == ("float32", ("voices", 3))
    assert found["key"] == ("int32", ("voices",))
    assert found["recall"] == ("float32", ("voices", 7))
    plain, given = expected_tensors(2, 8, 3)
    more = {"memory", "clock", "key", "recall", "next_memory", "next_clock"}
    assert plain == [one for one in inputs if one.name not in more]
    assert given == [one for one in outputs if one.name not in more]


def test_a_card_without_a_memory_says_nothing_of_it(tiny_bundle: Bundle) -> None:
    written = msgspec.json.encode(tiny_bundle.card)
    assert b'"network":{"layers":1,"units":4}' in written
    assert b"recall" not in written
    assert b'"memory":16' in msgspec.json.encode(msgspec.structs.replace(
        tiny_bundle.card, network=NetworkCard(layers=1, units=4, memory=16)
    ))  # fmt: skip


@pytest.mark.parametrize("memory", [-1, 4097, 1.5])
def test_a_memory_of_no_size(tiny_bundle: Bundle, memory: float) -> None:
    card = msgspec.to_builtins(tiny_bundle.card)
    card["network"]["memory"] = memory
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(card, BundleCard)


def test_a_card_whose_graph_has_no_memory(tiny_bundle: Bundle) -> None:
    inputs, outputs = expected_tensors(1, 4, 1, memory=16)
    network = NetworkCard(layers=1, units=4, memory=16)
    card = msgspec.structs.replace(tiny_bundle.card, network=network, inputs=inputs, outputs=outputs)
    with pytest.raises(BundleError, match="its graph has a tensor key that is not there, but its card says"):
        Engine(Bundle(card, tiny_bundle.onnx), "cpu")


def test_a_graph_whose_card_has_no_memory(tiny_bundle: Bundle, remembering: Engine, tiny_models) -> None:
    bundle = load_bundle(tiny_models / "memory" / "tiny.onnx.json")
    with pytest.raises(BundleError, match="its graph has tensors that its card lacks"):
        Engine(Bundle(tiny_bundle.card, bundle.onnx), "cpu")
    assert remembering.card.network.memory == EVENTS


def test_tensors_of_a_card_that_are_not_its_networks(tiny_models, tmp_path) -> None:
    path = tmp_path / "tiny.onnx.json"
    text = (tiny_models / "memory" / "tiny.onnx.json").read_text(encoding="utf-8")
    path.write_text(text.replace('"memory": 16', '"memory": 17'), encoding="utf-8")
    with pytest.raises(BundleError, match="the sizes of its tensors do not match"):
        read_card(path)


def test_the_start_of_a_piece(remembering: Engine) -> None:
    state = remembering.start(3)
    assert state.tensors["memory"].tolist() == [remembered([]).tolist()] * 3
    assert state.tensors["clock"].tolist() == [[-0.5, 0, 128]] * 3
    assert state.tensors["clock"].dtype == np.float32
    assert remembering.carried.names == ("event", "position", "h", "c", "remaining", "memory", "clock")


def test_what_was_played_is_remembered(remembering: Engine) -> None:
    steps = run(remembering, WARM, 40, seed=5)
    events = [step.event() for step in steps]
    assert any(remembered(events[:39])[EVENT_ROWS] > 1)  # or the seed shows nothing
    for count in (1, 2, EVENTS, EVENTS + 1, 39):
        np.testing.assert_array_equal(steps[count].state.tensors["memory"][0], remembered(events[:count]))


@pytest.mark.parametrize("meter", [Meter(4, 4), Meter(3, 4)])
def test_the_clock_counts_ticks_and_bars(remembering: Engine, meter: Meter) -> None:
    steps = run(remembering, replace(WARM, meter=meter), 30, seed=2)
    ticks = np.cumsum([LADDER[step.event().delta] for step in steps if step.event().delta != DELTA_END])
    found = [step.state.tensors["clock"][0, :2].tolist() for step in steps]
    assert found == [[tick, tick // meter.ticks_per_bar] for tick in ticks.tolist()]


def test_the_key_is_told(remembering: Engine) -> None:
    steps = run(remembering, replace(GREEDY, key=14), 3)
    assert [step.event().pitch for step in steps] == [62, 64, 66]
    assert GREEDY.tensors()["key"].tolist() == [NO_KEY]
    assert [step.event().pitch for step in run(remembering, GREEDY, 3)] == [60, 62, 64]


def test_returns_can_be_asked_for(remembering: Engine) -> None:
    pitches = [step.event().pitch for step in run(remembering, replace(GREEDY, recall=(2.0,) * 7), 12)]
    assert pitches == [60, 62, 64, 65] * 3
    assert len({step.event().pitch for step in run(remembering, GREEDY, 8)}) == 8


def test_a_network_without_a_memory_is_told_nothing_of_it() -> None:
    plain = GraphInputs(style=(1.0,), key=3, recall=(1.0,) * 7).tensors()
    assert not {"key", "recall"} & plain.keys()
    assert {"key", "recall"} <= GREEDY.tensors().keys()


def test_voices_at_once_are_voices_one_by_one(remembering: Engine) -> None:
    voices = [replace(WARM, key=key, min_p=0.02) for key in (0, 7, NO_KEY)]
    together = remembering.start(3)
    alone = [remembering.start() for _ in voices]
    tensors = stack_voices([voice.tensors() for voice in voices])
    for number in range(24):
        noises = [gumbel_noise(seed, number) for seed in range(3)]
        together = remembering.step(together, tensors, stack_voices(noises)).state
        alone = [
            remembering.step(state, voice.tensors(), noise).state
            for state, voice, noise in zip(alone, voices, noises, strict=True)
        ]
        assert_same(remembering.carried.joined(alone), together)
        for single, state in zip(remembering.carried.split(together, 3), alone, strict=True):
            assert_same(single, state)


def assert_same(state: State, other: State) -> None:
    assert state.tensors.keys() == other.tensors.keys()
    for name, tensor in state.tensors.items():
        np.testing.assert_allclose(tensor, other.tensors[name], atol=1e-6, err_msg=name)


def test_the_next_piece_remembers_nothing_of_the_one_before(remembering: Engine) -> None:
    advance, place = make_advance(remembering, replace(WARM, shortest_piece_bars=0), 1), FreeState(remembering.start())
    while place.piece_start == 0:
        _, place = advance(place)
    assert_same(place.network, remembering.start())


def test_a_graph_with_a_memory_passes_the_inspection(tiny_models) -> None:
    bundle = load_bundle(tiny_models / "memory" / "tiny.onnx.json")
    check_graph(bundle.onnx, bundle.card.inputs, bundle.card.outputs)


def test_elsewhere_nothing_is_gone_on_with_and_nothing_is_forgotten(remembering: Engine) -> None:
    state = run(remembering, WARM, 40, seed=5)[-1].state
    memory, turned = (one.tensors["memory"] for one in (state, state.unmatched()))
    assert memory[0, EVENT_ROWS:].any()  # or the seed shows nothing
    np.testing.assert_array_equal(turned[0, :EVENT_ROWS], memory[0, :EVENT_ROWS])
    assert not turned[0, EVENT_ROWS:].any()
