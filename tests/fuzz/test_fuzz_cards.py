"""Cards and graphs that something has happened to: one line, or music; never an exception of another kind.

A checksum is right in all graphs here: who can change a graph can change its card.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstm_composer.runtime.bundle.files import Bundle, load_bundle
from lstm_composer.runtime.errors import BundleError, ComposerError
from lstm_composer.runtime.graph.operators import OPERATORS
from lstm_composer.runtime.session.loading import load_composer
from lstm_composer.runtime.session.settings import MusicSettings
from lstm_composer.runtime.session.write import make_notes

CARD, GRAPH = "tiny.onnx.json", "tiny.onnx"
TEXTS = st.sampled_from(["", "x", "\x1b[31m", "a\r\nb", "4/0", "\u0663/4", "1_0/4", "9" * 5000, "[red]", "\u202e"])
NUMBERS = st.sampled_from([-1, 0, 1, 2**31, 2**53, 2**63 - 1, 2**64, 2**70, 1e308, -1e308, 0.5])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
WHOLE_NUMBERS = st.sampled_from([0, 1, -1, 2, 7, 16, 128, 2**31 - 1, -(2**31), 2**31, 2**40, 2**62, -(2**63)])

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
# The folder is written anew by each example.
alone = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle that does not check out is not looked at again."""
    monkeypatch.setattr("lstm_composer.runtime.bundle.files.SETTLING_SECONDS", 0.0)


def play(folder: Path) -> None:
    """Go all the way that a bundle goes, to two bars of its music."""
    with suppress(ComposerError):
        card = load_bundle(folder / CARD).card
        music = MusicSettings(
            style=card.styles[0].name, seed=1, bars=2, device="cpu", models_dirs=(folder,), temperature=1.0
        )
        make_notes(load_composer(music), None)


def refused_in_one_line(folder: Path) -> None:
    """Load a bundle; what refuses it is one line."""
    try:
        load_bundle(folder / CARD)
    except BundleError as error:
        if "\n" in str(error) or "\x1b" in str(error):
            pytest.fail(f"not one line: {error}")


def places(value: Any, *above: Any) -> Iterator[tuple[Any, ...]]:
    """Where values stand in some JSON."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*above, key)
        yield from places(one, *above, key)


@given(data=st.data())
@alone
def test_a_card_with_other_values(copied_models: Path, tiny_models: Path, data: st.DataObject) -> None:
    card = json.loads((tiny_models / CARD).read_text(encoding="utf-8"))
    some = [place for place in places(card) if len(place) < 3 or place[1] != "ladder"]  # most values stand in there
    for place in data.draw(st.lists(st.sampled_from(some), min_size=1, max_size=3)):
        with suppress(KeyError, IndexError, TypeError):
            inner = card
            for key in place[:-1]:
                inner = inner[key]
            if data.draw(st.booleans()):
                inner[place[-1]] = data.draw(VALUES)
            else:
                del inner[place[-1]]
    (copied_models / CARD).write_text(json.dumps(card), encoding="utf-8")
    refused_in_one_line(copied_models)
    play(copied_models)


@given(data=st.data())
@alone
def test_a_card_with_other_bytes(copied_models: Path, tiny_models: Path, data: st.DataObject) -> None:
    card = changed_bytes((tiny_models / CARD).read_bytes(), data)
    (copied_models / CARD).write_bytes(card)
    refused_in_one_line(copied_models)
    play(copied_models)


@given(content=st.binary(max_size=300))
@alone
def test_a_card_of_any_bytes(copied_models: Path, content: bytes) -> None:
    (copied_models / CARD).write_bytes(content)
    refused_in_one_line(copied_models)


@given(data=st.data())
@alone
def test_a_graph_with_other_bytes(copied_models: Path, tiny_bundle: Bundle, data: st.DataObject) -> None:
    put(copied_models, tiny_bundle, changed_bytes(tiny_bundle.onnx, data))
    play(copied_models)


@given(data=st.data())
@alone
def test_a_graph_with_other_operations(copied_models: Path, tiny_bundle: Bundle, data: st.DataObject) -> None:
    onnx = pytest.importorskip("onnx", reason="only making such graphs needs onnx")
    model = onnx.load_from_string(tiny_bundle.onnx)
    for _ in range(data.draw(st.integers(1, 3))):
        change(model, onnx, data)
    put(copied_models, tiny_bundle, bytes(model.SerializeToString()))
    play(copied_models)


def changed_bytes(content: bytes, data: st.DataObject) -> bytes:
    """Replace a few bytes by none, others or more."""
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(changed) - 1))
        changed[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    return bytes(changed)


def put(folder: Path, bundle: Bundle, graph: bytes) -> None:
    """Write a graph and a card that fits it."""
    card = msgspec.structs.replace(bundle.card, onnx_bytes=len(graph), onnx_sha256=hashlib.sha256(graph).hexdigest())
    (folder / CARD).write_bytes(msgspec.json.encode(card))
    (folder / GRAPH).write_bytes(graph)


def change(model: Any, onnx: Any, data: st.DataObject) -> None:
    """Change one thing in a graph: an operator, what goes into it, a setting or a constant; or add an operation."""
    graph = model.graph
    names = [one.name for one in (*graph.input, *graph.initializer)] + [node.output[0] for node in graph.node]
    node = data.draw(st.sampled_from(list(graph.node)))
    match data.draw(st.sampled_from(["operator", "input", "setting", "constant", "more"])):
        case "operator":
            node.op_type = data.draw(st.sampled_from(sorted(OPERATORS)))
        case "input" if node.input:
            node.input[data.draw(st.integers(0, len(node.input) - 1))] = data.draw(st.sampled_from(names))
        case "setting" if node.attribute:
            data.draw(st.sampled_from(list(node.attribute))).i = data.draw(WHOLE_NUMBERS)
        case "constant":
            tensor = data.draw(st.sampled_from(list(graph.initializer)))
            tensor.CopyFrom(
                onnx.numpy_helper.from_array(other_values(onnx.numpy_helper.to_array(tensor), data), tensor.name)
            )
        case _:
            inputs = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))
            made = onnx.helper.make_node(data.draw(st.sampled_from(sorted(OPERATORS))), inputs, [f"more{len(names)}"])
            graph.node.insert(data.draw(st.integers(0, len(graph.node))), made)


def other_values(values: Any, data: st.DataObject) -> Any:
    """Change one value of a constant, or all."""
    changed = values.copy().reshape(-1)
    odd = [float("nan"), float("inf"), 1e30, -1e30, 0.0]
    value = data.draw(st.sampled_from(odd) if values.dtype.kind == "f" else WHOLE_NUMBERS)
    where = slice(None) if data.draw(st.booleans()) else data.draw(st.integers(0, max(0, changed.size - 1)))
    with suppress(OverflowError):
        changed[where] = value
    return changed.reshape(values.shape)
