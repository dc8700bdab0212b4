"""Controls become the constant inputs of the event graph."""

import numpy as np
import pytest

from lstm_composer.runtime.bundle.files import Bundle
from lstm_composer.runtime.graph.inputs import FORBIDDEN, GraphInputs, stack_voices, temperatures
from lstm_composer.runtime.music.notes import Meter


def test_tensors_are_those_of_the_contract(tiny_bundle: Bundle) -> None:
    tensors = GraphInputs(style=(1.0,), meter=Meter(3, 4), temperature=(0.1, 0.2, 0.3, 0.4), min_p=0.5).tensors()
    cards = {card.name: card for card in tiny_bundle.card.inputs}
    for name, tensor in tensors.items():
        shape = tuple(1 if size == "voices" else size for size in cards[name].shape)
        assert (tensor.shape, str(tensor.dtype)) == (shape, cards[name].dtype)
    assert tensors["ticks_per_bar"].tolist() == [72]
    assert tensors["temperature"][0] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert tensors["min_p"].tolist() == [[0.5]]
    assert tensors["style"].tolist() == [[1.0]]
    assert not tensors["pitch_bias"].any()


@pytest.mark.parametrize(
    ("strength", "weights"),
    [(1.0, [1, 0, 0, 0]), (0.0, [0.25] * 4), (2.0, [1.75, -0.25, -0.25, -0.25]), (0.5, [0.625, 0.125, 0.125, 0.125])],
)
def test_the_style_is_laid_on_thinner_or_thicker(strength: float, weights: list[float]) -> None:
    controls = GraphInputs(style=(1.0, 0.0, 0.0, 0.0), style_strength=strength)
    assert controls.tensors()["style"].tolist() == [weights]
    assert GraphInputs(style=(1.0,), style_strength=strength).tensors()["style"].tolist() == [[1]]


@pytest.mark.parametrize(
    ("style", "register"),
    [((1.0, 0.0), (40, 60)), ((0.0, 1.0), (50, 90)), ((0.5, 0.5), (40, 90)), ((0.95, 0.05), (40, 60))],
)
def test_a_mix_uses_the_registers_of_those_that_are_heard(
    style: tuple[float, float], register: tuple[int, int]
) -> None:
    assert GraphInputs(style=style, registers=((40, 60), (50, 90))).register_of(style) == register
    assert GraphInputs(style=style).register_of(style) == (0, 127)


def test_a_pitch_can_be_forbidden() -> None:
    bias = tuple(FORBIDDEN if pitch == 60 else 0.0 for pitch in range(128))
    found = GraphInputs(style=(1.0,), pitch_bias=bias).tensors()["pitch_bias"]
    assert np.flatnonzero(np.isneginf(found[0])).tolist() == [60]


def test_voices_are_stacked_in_order() -> None:
    voices = [GraphInputs(style=(1.0,), min_p=min_p).tensors() for min_p in (0.0, 0.25, 0.5)]
    stacked = stack_voices(voices)
    assert stacked["min_p"].tolist() == [[0.0], [0.25], [0.5]]
    assert {name: tensor.shape[0] for name, tensor in stacked.items()} == dict.fromkeys(voices[0], 3)


@pytest.mark.parametrize(
    ("value", "expected"), [(None, (0.9, 0.8, 0.7, 1.0)), (0.0, (0.0,) * 4), (1.5, (1.5,) * 4), (2, (2.0,) * 4)]
)
def test_one_temperature_for_all_heads_or_the_bundles_own(value: float | None, expected: tuple[float, ...]) -> None:
    assert temperatures(value, (0.9, 0.8, 0.7, 1.0)) == expected
