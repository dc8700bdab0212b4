"""Checkpoints: numbers out of a file that anyone may have made, into a network that is ours.

A `.keras` file says how to build a network: by names of classes and functions, with code in it if someone wants that.
None of it is followed. The network is built from config.json, and the file gives its weights, what the optimizer keeps
of each, and the numbers of the learning rate's schedule. It is looked through before Keras reads it: a zip file whose
members are stored as they are, in it an HDF5 file with arrays of numbers alone, which lie in it and nowhere else.
"""

import warnings
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, Final
from zipfile import ZipFile

import h5py
import msgspec
import numpy as np

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.system.foreign_files import MEBIBYTE, decode_json
from lstm_composer.trainer.runs.archives import UnreadableError, opened_archive, reason_of
from lstm_composer.trainer.runs.network_config import NetworkConfig

_WEIGHTS: Final = "model.weights.h5"
_CONFIG: Final = "config.json"
_MEMBERS: Final = frozenset({_WEIGHTS, _CONFIG, "metadata.json"})
_MOST_CONFIG_BYTES: Final = MEBIBYTE
_MOST_OBJECTS: Final = 100_000
_MOST_LEVELS: Final = 16
LARGEST_WEIGHT: Final = 65504.0
"""The largest number of 16 bits, in which bundles store weights; those of a network that has learned are below 100."""
_SKIPPED: Final = "Skipping"
"""How Keras begins to say that it has left something out, which it only warns of."""


class DamagedCheckpointError(InputError):
    """A checkpoint whose contents are not what they should be.

    Args:
        path: The checkpoint.
        why: What is wrong with it.
        cure: What to do.

    """

    def __init__(self, path: Path, why: str, *, cure: str = "name another epoch, or delete it") -> None:
        self.path, self.why = path, why
        self.reason = f"checkpoint {path} cannot be loaded ({why})"
        super().__init__(f"{self.reason}: {cure}")


class Schedule(msgspec.Struct, frozen=True):
    """The numbers of the learning rate's schedule, `keras.optimizers.schedules.CosineDecay`."""

    initial_learning_rate: Annotated[float, msgspec.Meta(ge=0, le=1)]
    decay_steps: Annotated[int, msgspec.Meta(ge=1)]
    alpha: Annotated[float, msgspec.Meta(ge=0, le=1)]
    warmup_steps: Annotated[int, msgspec.Meta(ge=0)]


class _Rate(msgspec.Struct, frozen=True):
    config: Schedule


class _OptimizerConfig(msgspec.Struct, frozen=True):
    learning_rate: _Rate


class _Optimizer(msgspec.Struct, frozen=True):
    config: _OptimizerConfig


class _Compiled(msgspec.Struct, frozen=True):
    optimizer: _Optimizer


class _Config(msgspec.Struct, frozen=True):
    """As much of a checkpoint's config.json as is read: numbers."""

    compile_config: _Compiled


def fill_network(network: Any, path: Path) -> None:
    """Read a checkpoint into a network that is built, its optimizer too.

    Args:
        network: A compiled Keras model with all its variables.
        path: The checkpoint.

    Raises:
        DamagedCheckpointError: If it is damaged, or of another network.
        InputError: If it cannot be opened.
        MissingError: If there is not enough memory.

    """
    with _Refusal(path):
        with opened_archive(path) as archive:
            _check_weights(_member(archive, _WEIGHTS))
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                network.load_weights(path)
            except ValueError as error:
                raise InputError("is not of the network that config.json describes") from error
        if any(str(warning.message).startswith(_SKIPPED) for warning in said):
            raise InputError("lacks a part of the network that config.json describes")
        if not all(map(_is_sound, network.weights)):
            raise InputError("holds weights that are no numbers, or far too large")


def check_size(path: Path, network: NetworkConfig) -> None:
    """Check that a checkpoint is as large as its network must be, before memory is taken for that.

    Raises:
        DamagedCheckpointError: If it is smaller, or no checkpoint.
        InputError: If it cannot be opened.

    """
    with _Refusal(path), opened_archive(path) as archive:
        if _info(archive, _WEIGHTS).file_size < network.fewest_weights() * np.dtype(np.float32).itemsize:
            raise InputError("is of a smaller network than config.json describes")


def read_schedule(path: Path) -> Schedule:
    """Read the schedule of the learning rate as it was planned when the run began.

    Raises:
        DamagedCheckpointError: If it is not there.
        InputError: If the file cannot be opened.

    """
    with _Refusal(path), opened_archive(path) as archive:
        if _info(archive, _CONFIG).file_size > _MOST_CONFIG_BYTES:
            raise InputError(f"has a {_CONFIG} that is too large")
        try:
            found = decode_json(archive.read(_CONFIG), _Config)
        except InputError as error:
            raise InputError(f"has a {_CONFIG} that {error}") from error
        return found.compile_config.optimizer.config.learning_rate.config


class _Refusal:
    """Turns whatever happens in its body into one line that names the checkpoint."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is None or not isinstance(error, Exception):
            return
        if isinstance(error, UnreadableError):
            raise InputError(f"checkpoint {self._path} {error}: see who may read it") from error
        if isinstance(error, MemoryError):
            raise MissingError(f"checkpoint {self._path} needs more memory than is free: make some free") from error
        why = f"it {error}" if isinstance(error, InputError) else reason_of(error)
        raise DamagedCheckpointError(self._path, why) from error


def _info(archive: ZipFile, name: str) -> Any:
    names = set(archive.namelist())
    if name not in names or names - _MEMBERS:
        raise InputError("is no checkpoint of this program")
    return archive.getinfo(name)


def _member(archive: ZipFile, name: str) -> bytes:
    """A member's bytes, its checksum compared."""
    return archive.read(_info(archive, name))


def _check_weights(data: bytes) -> None:
    """Check that an HDF5 file holds arrays of numbers that lie in it, as large as it says they are."""
    with h5py.File(BytesIO(data), "r") as file:
        found = _arrays(file)
        if sum(array.nbytes for array in found) > len(data):
            raise InputError("names larger arrays than it holds")


def _arrays(root: Any) -> list[Any]:
    arrays: list[Any] = []
    groups = [(root, 0)]
    objects = 0
    while groups:
        group, level = groups.pop()
        for name in group:
            objects += 1
            if objects > _MOST_OBJECTS or level > _MOST_LEVELS:
                raise InputError("holds more than a network has")
            if group.get(name, getlink=True, getclass=True) is not h5py.HardLink:
                raise InputError("points at other places")
            item = group[name]
            if isinstance(item, h5py.Group):
                groups.append((item, level + 1))
            else:
                _check_array(item)
                arrays.append(item)
    return arrays


def _check_array(item: Any) -> None:
    if not isinstance(item, h5py.Dataset) or item.external or item.is_virtual or item.dtype.kind not in "fiub":
        raise InputError("holds something else than numbers")


def _is_sound(variable: Any) -> bool:
    """Whether all weights are numbers of a bearable size; whole numbers, such as seeds, may be any."""
    values = np.asarray(variable)
    return values.dtype.kind != "f" or bool(np.all(np.abs(values) <= LARGEST_WEIGHT))  # false for nan
