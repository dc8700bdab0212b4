"""A bundle of many styles as if it had one, for tests in which the style does not matter; what a network is asked."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.bundle.files import load_bundle
from lstm_composer.runtime.graph.carried_state import State
from lstm_composer.runtime.graph.engine import Engine, Step
from lstm_composer.runtime.graph.inputs import GraphInputs

BASE = Path(__file__).parents[2] / "models" / "base.onnx.json"


class OneStyle(Engine):
    """A bundle's network that plays one of its styles: it takes the weight of that one alone."""

    def __init__(self, card: Path, style: str) -> None:
        super().__init__(load_bundle(card), "cpu")
        self._only = np.array([[float(one.name == style) for one in self.card.styles]], np.float32)

    def step(self, state: State, controls: Mapping[str, NDArray[Any]], noise: Mapping[str, NDArray[Any]]) -> Step:
        return super().step(state, {**controls, "style": controls["style"] * self._only}, noise)


def asked_of(engine: Engine, controls: GraphInputs) -> GraphInputs:
    """The same controls for a network with or without a memory."""
    return replace(controls, has_memory=engine.card.network.memory > 0)
