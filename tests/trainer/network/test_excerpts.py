from dataclasses import replace

import keras
import numpy as np
import pytest

from lstm_composer.runtime.bundle.tensors import expected_tensors
from lstm_composer.runtime.graph.carried_state import Carried
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.runtime.music.piece_memory import NO_KEY
from lstm_composer.trainer.network.excerpts import (
    MIN_P,
    TEMPERATURE,
    Arrays,
    SteppedNetwork,
    controls_of,
    make_excerpts,
    stepped,
)
from lstm_composer.trainer.network.stream_network import StreamNetwork, blank_inputs
from lstm_composer.trainer.runs.network_config import PAST

CONTROLS = controls_of(1, 0, meter=Meter(3, 4))


@pytest.fixture(scope="module", params=[0, PAST])
def network(request: pytest.FixtureRequest) -> StreamNetwork:
    """Random weights, large enough that its choices differ; without and with a memory."""
    keras.utils.set_random_seed(2)
    network = StreamNetwork({"units": 16, "head_units": 16, "memory": request.param})
    network(blank_inputs(1))
    rng = np.random.default_rng(2)
    for variable in network.trainable_variables:
        variable.assign(rng.normal(size=variable.shape) * 0.4)
    return network


@pytest.fixture(scope="module")
def player(network: StreamNetwork) -> SteppedNetwork:
    return stepped(network)


def made(player: SteppedNetwork, *seeds: int, notes: int = 12) -> list[list[Note]]:
    return make_excerpts(player, seeds, notes, [CONTROLS] * len(seeds))


def test_an_excerpt_depends_on_its_seed_alone(player: SteppedNetwork) -> None:
    one, two, again = made(player, 1, 2, 1)
    assert one == again != two
    assert [made(player, seed)[0] for seed in (1, 2)] == [one, two]


def test_an_excerpt_has_the_notes_asked_for_on_the_grid_and_sorted(player: SteppedNetwork) -> None:
    for excerpt in made(player, 3, 4, notes=30):
        assert len(excerpt) == 30
        assert excerpt == sorted(excerpt)
        assert all(note.duration > 0 for note in excerpt)


def test_a_player_follows_the_weights(network: StreamNetwork, player: SteppedNetwork) -> None:
    before = made(player, 1)
    bias = network.logits["pitch"].bias
    kept = np.asarray(bias)
    bias.assign(kept + 20 * (np.arange(len(kept)) == 100))
    after = made(player, 1)
    bias.assign(kept)
    assert before != after
    assert 100 in {note.pitch for note in after[0]}


def test_the_key_of_a_piece_is_drawn_from_those_of_its_style() -> None:
    told: list[list[int]] = []
    carried = Carried(*expected_tensors(1, 4, 1, PAST))

    def step(inputs: Arrays) -> Arrays:
        told.append(inputs["key"].tolist())
        nexts = {f"next_{name}": inputs[name] for name in carried.names}
        return {**nexts, "next_event": np.tile(np.array([[1, 60, 4, 9]], np.int32), (len(inputs["key"]), 1))}

    in_d = tuple(float(key == 2) for key in range(24))
    controls = [replace(CONTROLS, style_keys=(in_d,)), replace(CONTROLS, key=14), CONTROLS]
    make_excerpts(SteppedNetwork(carried, step), range(3), 2, controls)
    assert told[0] == [2, 14, NO_KEY]


def test_styles_are_told_apart_by_weights() -> None:
    assert controls_of(3, 1) == GraphInputs(style=(0.0, 1.0, 0.0), temperature=TEMPERATURE, min_p=MIN_P)
