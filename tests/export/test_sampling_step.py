import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lstm_composer.runtime.bundle.tensors import TensorCard, expected_tensors
from lstm_composer.runtime.graph.gumbel_noise import gumbel_noise
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.music.event_encoding import DELTA_END, LADDER, METER_OTHER, PITCHES, SILENT, START
from lstm_composer.runtime.music.notes import Meter
from lstm_composer.trainer.network.sampling_step import gumbel_max, log_probabilities, step_function
from lstm_composer.trainer.network.stream_network import StreamNetwork

Arrays = dict[str, NDArray[Any]]
MakeNetwork = Callable[[int, int], StreamNetwork]
CLASSES = 6
NO_MIN_P = 1e-30

ROWS = tf.TensorSpec((None, CLASSES), tf.float32)
COLUMN = tf.TensorSpec((None, 1), tf.float32)
compiled_gumbel_max = tf.function(gumbel_max, input_signature=[ROWS, ROWS, COLUMN])

# TensorFlow takes the smallest floats, the subnormal ones, for 0.
logit_rows = st.lists(st.floats(-20, 20, width=32, allow_subnormal=False), min_size=CLASSES, max_size=CLASSES)
noise_rows = st.lists(st.floats(-3, 20, width=32, allow_subnormal=False), min_size=CLASSES, max_size=CLASSES)


def choose(
    logits: Any, noise: Any, *, bias: Any = 0.0, temperature: float = 1.0, min_p: float = NO_MIN_P
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Run `gumbel_max` on rows of logits."""
    rows = np.atleast_2d(np.asarray(logits, np.float32))
    threshold = np.full((len(rows), 1), temperature * math.log(min_p), np.float32)
    scaled_noise = np.broadcast_to(np.asarray(temperature * np.asarray(noise), np.float32), rows.shape)
    chosen = compiled_gumbel_max(rows + np.float32(bias), scaled_noise, threshold)
    return chosen.numpy(), log_probabilities([tf.constant(rows)], tf.expand_dims(chosen, 1)).numpy()


def softmax(logits: Any) -> NDArray[np.float64]:
    likely = np.exp(np.asarray(logits, np.float64) - np.max(logits))
    return np.asarray(likely / likely.sum())


@given(logit_rows)
@settings(deadline=None)
def test_without_noise_it_is_the_likeliest(logits: list[float]) -> None:
    chosen, log_probability = choose(logits, 0.0)
    assert logits[chosen[0]] == max(logits)
    assert log_probability[0, 0] == pytest.approx(math.log(softmax(logits)[chosen[0]]), abs=1e-5)


@given(logit_rows, noise_rows, st.floats(0.1, 3), st.floats(0.001, 1))
@settings(deadline=None)
def test_what_is_taken_is_in_the_set_of_min_p(
    logits: list[float], noise: list[float], temperature: float, min_p: float
) -> None:
    [chosen], _ = choose(logits, noise, temperature=temperature, min_p=min_p)
    probability = softmax(np.array(logits) / temperature)
    assert probability[chosen] >= min_p * probability.max() * (1 - 1e-4)


@given(logit_rows, noise_rows, st.floats(0.1, 3))
@settings(deadline=None)
def test_gumbel_max_by_hand(logits: list[float], noise: list[float], temperature: float) -> None:
    [chosen], _ = choose(logits, noise, temperature=temperature)
    score = np.array(logits) / temperature + np.array(noise)
    likely = np.array(logits) / temperature > max(logits) / temperature + math.log(NO_MIN_P) + 1e-3
    assert score[chosen] == pytest.approx(score[likely].max(), abs=1e-3)


@given(logit_rows, noise_rows, st.sets(st.integers(0, CLASSES - 1), min_size=1, max_size=CLASSES - 1))
@settings(deadline=None)
def test_the_log_probability_is_the_networks_own(
    logits: list[float], noise: list[float], discouraged: set[int]
) -> None:
    """Whatever steers the choice: temperature, min-p and bias do not enter it."""
    bias = [-5.0 if index in discouraged else 0.0 for index in range(CLASSES)]
    [chosen], log_probability = choose(logits, noise, bias=bias, temperature=0.5, min_p=0.1)
    assert log_probability[0, 0] == pytest.approx(np.log(softmax(logits))[chosen], abs=1e-4)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_noise_draws_from_the_softmax(temperature: float) -> None:
    logits, draws = [1.0, 0.5, 0.0, -1.0, 2.0, -0.5], 20_000
    noise = np.random.default_rng(0).gumbel(size=(draws, CLASSES))
    chosen, _ = choose(np.tile(logits, (draws, 1)), noise, temperature=temperature)
    expected = draws * softmax(np.array(logits) / temperature)
    chi_square = np.sum((np.bincount(chosen, minlength=CLASSES) - expected) ** 2 / expected)
    assert chi_square < 25.7  # exceeded once in 10,000 times by chance, with 5 degrees of freedom


def test_rows_do_not_know_of_one_another() -> None:
    rng = np.random.default_rng(1)
    logits, noise = rng.normal(size=(8, CLASSES)), rng.gumbel(size=(8, CLASSES))
    together, _ = choose(logits, noise)
    assert together.tolist() == [choose(row, wobble)[0][0] for row, wobble in zip(logits, noise, strict=True)]


@pytest.fixture(scope="module")
def step(make_network: MakeNetwork) -> Callable[..., Arrays]:
    """One step of a random network's graph from the start of a piece; what is given by name is changed."""
    function, _ = step_function(make_network(2, 16))
    cards, _ = expected_tensors(layers=2, units=16, styles=1)

    def shape(card: TensorCard, voices: int) -> list[int]:
        return [size if isinstance(size, int) else voices for size in card.shape]

    def run(voices: int = 1, number: int = 0, **given: Any) -> Arrays:
        start = np.array([[START.delta, START.pitch, START.duration, START.velocity]], np.int32)
        inputs: Arrays = {
            "event": np.tile(start, (voices, 1)),
            "remaining": np.full((voices, PITCHES), SILENT, np.int32),
            **{name: np.repeat(rows, voices, 0) for name, rows in GraphInputs(style=(1.0,)).tensors().items()},
            **{name: np.repeat(rows, voices, 0) for name, rows in gumbel_noise(1, number).items()},
        }
        for card in cards:
            value = given.get(card.name, inputs.get(card.name, 0))
            inputs[card.name] = np.broadcast_to(np.asarray(value, card.dtype), shape(card, voices))
        return {name: tensor.numpy() for name, tensor in function(*(inputs[card.name] for card in cards)).items()}

    return run


def only(pitches: set[int]) -> NDArray[np.float32]:
    """A bias that forbids all other pitches."""
    return np.array([[0.0 if pitch in pitches else -np.inf for pitch in range(PITCHES)]], np.float32)


def end(nats: float) -> NDArray[np.float32]:
    """A bias on the end of the piece."""
    return np.array([[0.0] * DELTA_END + [nats]], np.float32)


def test_outputs_are_those_of_the_contract(step: Callable[..., Arrays]) -> None:
    _, cards = expected_tensors(layers=2, units=16, styles=1)
    found = step(voices=3)
    assert sorted(found) == sorted(card.name for card in cards)
    for card in cards:
        assert found[card.name].dtype == card.dtype
        assert list(found[card.name].shape) == [3 if size == "voices" else size for size in card.shape]


@pytest.mark.parametrize("temperature", [0.0, 1.0, 5.0])
def test_forbidden_pitches_are_never_taken(step: Callable[..., Arrays], temperature: float) -> None:
    allowed = {3, 40, 41, 127}
    found = {step(number=n, pitch_bias=only(allowed), temperature=temperature)["next_event"][0, 1] for n in range(20)}
    assert found <= allowed
    assert len(found) == 1 if temperature == 0 else len(found) > 1


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize(("bias", "ends"), [(1e9, True), (-np.inf, False), (-1e9, False)])
def test_a_bias_on_the_end(step: Callable[..., Arrays], bias: float, temperature: float, *, ends: bool) -> None:
    for number in range(5):
        event = step(number=number, delta_bias=end(bias), temperature=temperature)["next_event"][0]
        assert (event[0] == DELTA_END) == ends


def test_temperature_0_does_not_hear_the_noise(step: Callable[..., Arrays]) -> None:
    found = {tuple(step(number=number, temperature=0.0)["next_event"][0].tolist()) for number in range(10)}
    assert len(found) == 1
    assert len({tuple(step(number=number)["next_event"][0].tolist()) for number in range(10)}) > 5


def test_each_head_has_its_own_temperature(step: Callable[..., Arrays]) -> None:
    cold = [[0.0, 0.0, 1.0, 0.0]]
    events = np.concatenate([step(number=number, temperature=cold)["next_event"] for number in range(20)])
    assert [len(set(column)) == 1 for column in events.T.tolist()][:3] == [True, True, False]


def test_min_p_1_is_the_likeliest(step: Callable[..., Arrays]) -> None:
    greedy = step(temperature=0.0, delta_bias=end(-np.inf))["next_event"]
    for number in range(5):
        np.testing.assert_array_equal(step(number=number, min_p=1.0, delta_bias=end(-np.inf))["next_event"], greedy)


def test_what_sounds_after_a_step(step: Callable[..., Arrays]) -> None:
    remaining = np.full((1, PITCHES), SILENT, np.int32)
    remaining[0, [50, 51, 52]] = [400, 10, -90]
    found = step(remaining=remaining, delta_bias=end(-np.inf), pitch_bias=only({60}))
    delta, pitch, duration, _ = found["next_event"][0]
    expected = np.maximum(remaining[0] - LADDER[delta], SILENT)
    expected[pitch] = LADDER[duration]
    assert pitch == 60
    np.testing.assert_array_equal(found["next_remaining"][0], expected)


@pytest.mark.parametrize("meter", [Meter(4, 4), Meter(6, 8), Meter(5, 16), Meter(64, 1)], ids=str)
def test_the_position_in_the_bar_moves_on(step: Callable[..., Arrays], meter: Meter) -> None:
    before = meter.ticks_per_bar - 1
    found = step(position=before, ticks_per_bar=meter.ticks_per_bar, meter=METER_OTHER, delta_bias=end(-np.inf))
    delta = found["next_event"][0, 0]
    assert found["next_position"].tolist() == [(before + LADDER[delta]) % meter.ticks_per_bar]


def test_voices_do_not_know_of_one_another(step: Callable[..., Arrays]) -> None:
    rng = np.random.default_rng(0)
    h, c = rng.normal(size=(2, 3, 16)), rng.normal(size=(2, 3, 16))
    noise = [gumbel_noise(voice, 0) for voice in range(3)]
    stacked = {name: np.concatenate([one[name] for one in noise]) for name in noise[0]}
    together = step(voices=3, h=h, c=c, **stacked)
    for voice in range(3):
        alone = step(h=h[:, [voice]], c=c[:, [voice]], **noise[voice])
        np.testing.assert_array_equal(alone["next_event"][0], together["next_event"][voice])
        np.testing.assert_allclose(alone["next_h"][:, 0], together["next_h"][:, voice], atol=1e-6)
        np.testing.assert_allclose(alone["log_probability"][0], together["log_probability"][voice], atol=1e-5)
    assert len({tuple(event) for event in together["next_event"].tolist()}) == 3
