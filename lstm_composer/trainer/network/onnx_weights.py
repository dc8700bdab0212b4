"""The weights inside a bundle's graph, under the names that they have in the network.

The graph is the only copy of a bundle's weights, and the converter names and turns them as it likes: kernels of LSTM
layers lie on their side with the gates in another order, a table is spread over all its possible inputs, or lies within
a larger one. So the export looks for the values of every weight, and writes into the graph's metadata which initializer
holds them, and where; a weight that cannot be found fails the export. What is read back is the network that was
exported, to the bit.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lstm_composer.runtime.errors import BundleError, ComposerError
from lstm_composer.runtime.music.event_encoding import LADDER, ladder_class
from lstm_composer.trainer.network.past_view import mode_classes
from lstm_composer.trainer.pieces.recollection import count_classes
from lstm_composer.trainer.runs.archives import reason_of
from lstm_composer.trainer.runs.network_config import MOST

Weights = dict[str, NDArray[np.float32]]
"""Values by the name of the weight, such as lstm_0/lstm_cell/kernel."""
STORED = "_stored"
"""Ends the names of initializers in 16 bits."""
_KEY = "weights."
_MOST_WEIGHTS = 1000
"""In a network; one of 16 layers has 60."""
_WEIGHT_NAME = re.compile(r"[a-z_0-9]{1,40}(/[a-z_0-9]{1,40}){1,3}")
_MOST_ZEROS = 4 * MOST["units"]
_TABLE_AXES = 2
_ZEROS = "zeros "
"""Instead of an initializer: a bias of so many zeros."""
SPREAD = {
    "release_table/embeddings": np.array([ladder_class(tick) for tick in range(LADDER[-1] + 1)] + [len(LADDER)]),
    "memory/length_table/embeddings": count_classes(),
    "memory/age_table/embeddings": count_classes(),
    "memory/times_table/embeddings": count_classes(),
    "memory/mode_table/embeddings": mode_classes(),
}
"""Rows of tables by what they are looked up by, as the converter writes them out."""
_BESIDE = ("memory/mode_table/embeddings", "memory/degree_table/embeddings")
"""Weights that the graph computes with only in a table of both together (`trainer.network.step_tables`): they are
written beside it, and no operation uses them."""


class UnknownWeightError(ComposerError):
    """A weight of the network is nowhere in the graph as it should be: a bug, or weights that nothing has trained."""


def weight_name(variable: Any) -> str:
    """Name of a weight without that of its network, which Keras counts."""
    return str(variable.path).partition("/")[2]


def record_weight_locations(model: onnx.ModelProto, network: Any) -> None:
    """Write into the metadata of a graph, all in 32 bits yet, where it keeps each of the network's weights.

    Raises:
        UnknownWeightError: If one is not found.

    """
    weights = {weight_name(variable): np.asarray(variable) for variable in network.trainable_variables}
    for name in weights.keys() & set(_BESIDE):
        model.graph.initializer.append(numpy_helper.from_array(_as_stored(name, weights[name]), name))
    held = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer if t.data_type == TensorProto.FLOAT}
    helper.set_model_props(model, {_KEY + name: _place(held, name, value) for name, value in weights.items()})


def _place(held: Mapping[str, NDArray[Any]], name: str, value: NDArray[Any]) -> str:
    stored = _as_stored(name, value)
    wanted = stored.ravel()
    for place, values in held.items():
        if np.array_equal(values.ravel(), wanted):
            return place
    for place, values in held.items() if stored.ndim == _TABLE_AXES else ():
        if (start := _first_place(values.ravel(), wanted)) is not None:
            return " ".join(map(str, (place, start, *stored.shape)))
    if value.any() or value.ndim > 1:
        raise UnknownWeightError(f"the graph has no initializer with the values of {name}: export another epoch")
    # The converter leaves sums with nothing out.
    return f"{_ZEROS}{len(value)}"


def _first_place(values: NDArray[Any], wanted: NDArray[Any]) -> int | None:
    """Where numbers first stand among others, in a row; None: nowhere."""
    behind = len(values) - len(wanted) + 1
    starts = np.flatnonzero(values[: max(behind, 0)] == wanted[0])
    return next((int(at) for at in starts if np.array_equal(values[at : at + len(wanted)], wanted)), None)


def read_weights(graph: bytes, bundle: str) -> Weights:
    """Read the weights out of a bundle's graph.

    Args:
        graph: The file.
        bundle: Its name, for what is said of it.

    Raises:
        BundleError: If they are not there: the bundle was made by an older version, or by another program.

    """
    try:
        model = onnx.load_model_from_string(graph)
        held = {_plain(tensor): _values(tensor) for tensor in model.graph.initializer}
        places = {p.key.removeprefix(_KEY): p.value for p in model.metadata_props if p.key.startswith(_KEY)}
        _check_names(places)
        weights = {name: _value(held, name, place) for name, place in places.items()}
    except Exception as error:  # onnx raises protobuf's kinds and its own
        raise BundleError(
            f"bundle {bundle}: its weights cannot be read ({reason_of(error)}): export it again"
        ) from error
    if not weights:
        raise BundleError(f"bundle {bundle} does not say where its weights are: export it again with this version")
    return weights


def _check_names(names: Collection[str]) -> None:
    strange = [name for name in names if not _WEIGHT_NAME.fullmatch(name)]
    if strange or len(names) > _MOST_WEIGHTS:
        raise ValueError(f"{len(names)} weights, {len(strange)} of them with names that are none")


def _value(held: Mapping[str, NDArray[Any]], name: str, place: str) -> NDArray[np.float32]:
    if place.startswith(_ZEROS):
        count = int(place.removeprefix(_ZEROS))
        if not 0 < count <= _MOST_ZEROS:
            raise ValueError(f"{count} zeros for {name}")
        return np.zeros(count, np.float32)
    value = _as_trained(name, _stored_at(held, place))
    if not np.isfinite(value).all():
        raise ValueError(f"{name} holds numbers that are none")
    return value


def _stored_at(held: Mapping[str, NDArray[Any]], place: str) -> NDArray[Any]:
    """An initializer, or a table within one: its name, the first number, rows and columns."""
    if place in held:
        return held[place]
    name, *numbers = place.split(" ")
    start, rows, columns = map(int, numbers)
    if min(start, rows - 1, columns - 1) < 0:
        raise ValueError(f"no table can be at {place}")
    return held[name].ravel()[start : start + rows * columns].reshape(rows, columns)


def _plain(tensor: Any) -> str:
    return str(tensor.name).removesuffix(STORED)


def _values(tensor: Any) -> NDArray[Any]:
    if tensor.data_location == TensorProto.EXTERNAL:
        raise ValueError("a bundle keeps no weights in other files")
    return numpy_helper.to_array(tensor)


def _as_stored(name: str, value: NDArray[Any]) -> NDArray[Any]:
    """A weight as the graph holds it, but for axes of the size 1."""
    if name.startswith("lstm_"):
        turned = _other_gates(value).T
        return np.concatenate([turned, np.zeros_like(turned)]) if value.ndim == 1 else turned
    if name == "surroundings/kernel":
        return value.transpose()
    return value[SPREAD[name]] if name in SPREAD else value


def _as_trained(name: str, stored: NDArray[Any]) -> NDArray[np.float32]:
    """The inverse of `_as_stored`."""
    value = stored.astype(np.float32)
    if name.endswith("/bias"):
        value = value.ravel()
        return _gates_back(value[: len(value) // 2]) if name.startswith("lstm_") else value
    if name.startswith("lstm_"):
        return _gates_back(value[0].T)
    if name == "surroundings/kernel":
        return value.reshape(*value.shape[:2], -1).transpose()  # older versions wrote it as a plane of one row
    return value[np.unique(SPREAD[name], return_index=True)[1]] if name in SPREAD else value


def _other_gates(value: NDArray[Any]) -> NDArray[Any]:
    """Keras' gates along the last axis (input, forget, cell, output) as ONNX has them: input, output, forget, cell."""
    i, f, c, o = np.split(value, 4, axis=-1)
    return np.concatenate([i, o, f, c], axis=-1)


def _gates_back(value: NDArray[Any]) -> NDArray[Any]:
    i, o, f, c = np.split(value, 4, axis=-1)
    return np.concatenate([i, f, c, o], axis=-1)
