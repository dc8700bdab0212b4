"""Ensembles on the known network, and what they play."""

from collections.abc import Callable
from typing import Any

import pytest

from lstm_composer.runtime.generation.ensemble import Ensemble, Plan
from lstm_composer.runtime.generation.voice import Advance
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.parameters.parameters import Parameters

KNOBS = Parameters(style=(1.0,), temperature=(1.0,) * 4, min_p=0.02)
Play = Callable[[Advance, Any, int], list[Note]]


@pytest.fixture
def knobs() -> Parameters:
    return KNOBS


@pytest.fixture(params=["tiny", "remembering"])
def known(request: pytest.FixtureRequest) -> Engine:
    """The known network, without a memory of the piece and with one."""
    engine = request.getfixturevalue(request.param)
    assert isinstance(engine, Engine)
    return engine


@pytest.fixture
def ensemble(known: Engine) -> Callable[..., Ensemble]:
    """Make an ensemble on the known network, warm enough to surprise: `ensemble(voices=2, form="AABA")`."""

    def make(engine: Engine = known, voices: int = 1, **plan: Any) -> Ensemble:
        controls = GraphInputs(style=(1.0,), shortest_piece_bars=1000, has_memory=engine.card.network.memory > 0)
        return Ensemble(engine, [controls] * voices, Plan(**plan))

    return make


@pytest.fixture
def until() -> Play:
    """Play from a place until a position: `until(advance, place, tick)`."""

    def play(advance: Advance, place: Any, tick: int) -> list[Note]:
        notes = []
        while place.onset < tick:
            note, place = advance(place)
            if note is not None and note.onset < tick:
                notes.append(note)
        return notes

    return play
