"""Starting from a trained network: where a base is found, what is taken over from it, and the first weights of the run.

A base is a run directory (its best epoch) or a bundle; both carry all weights, the bundle rounded to 16 bits. The new
network is the base with a vector more for each new style, which begins as the mean of the vectors that are there: a
style that is none of them yet, and no stranger to the layers behind.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from lstm_composer.runtime.bundle.files import CARD_SUFFIX, load_bundle, read_card
from lstm_composer.runtime.bundle.library import list_bundles
from lstm_composer.runtime.bundle.schema import BundleCard
from lstm_composer.runtime.errors import BundleError, InputError
from lstm_composer.runtime.system.user_folders import expanded
from lstm_composer.trainer.network.onnx_weights import Weights, read_weights, weight_name
from lstm_composer.trainer.network.past_view import VIEW_UNITS
from lstm_composer.trainer.runs.archives import read_arrays
from lstm_composer.trainer.runs.network_config import NetworkConfig, check_size
from lstm_composer.trainer.runs.run_directory import RunDirectory, write_run_file
from lstm_composer.trainer.runs.settings import PRESETS, BaseCard, TrainingSettings
from lstm_composer.trainer.training.learned_from import data_of_run, styles_of_run

INITIAL_WEIGHTS = "base.npz"
"""The file of a fine-tuned run that keeps the weights of its base."""
STYLE_TABLE = "style_table/kernel"


@dataclass(frozen=True, slots=True)
class PretrainedNetwork:
    """A trained network to start from.

    Attributes:
        card: What is taken over besides the weights.
        network: Its size; the dropout is that of a new network, for a bundle does not know its own.
        weights: Reads the weights.

    """

    card: BaseCard
    network: NetworkConfig
    weights: Callable[[], Weights]


def find_pretrained(source: str) -> PretrainedNetwork:
    """Find what `--from` names: a run directory, a bundle's file, or the name of a bundle or style.

    Raises:
        InputError: If there is no such thing, or it has another encoding.
        BundleError: If the bundle does not check out, or is older than this way of reading it.

    """
    run = RunDirectory(expanded(source))
    return _of_run(run, source) if run.is_there else _of_bundle(_card_path(source), source)


def _of_run(run: RunDirectory, source: str) -> PretrainedNetwork:
    settings = run.read_settings()
    _check_preset(settings.preset, source)
    epoch = run.best_epoch()
    styles, data = tuple(styles_of_run(run, settings)), tuple(data_of_run(run, settings))
    return PretrainedNetwork(
        BaseCard(source, epoch, styles, data), settings.network, lambda: _checkpoint_weights(run, epoch)
    )


def _of_bundle(path: Path, source: str) -> PretrainedNetwork:
    card = read_card(path)
    _check_preset(card.provenance.preset, source)
    bundle = load_bundle(path)
    weights = read_weights(bundle.onnx, card.name)
    try:
        size = _size_of(weights, card)
    except (KeyError, IndexError, TypeError, ValueError, InputError) as error:
        raise BundleError(f"bundle {card.name} holds other weights than this version reads: export it again") from error
    base = BaseCard(source, card.provenance.epoch, tuple(card.styles), tuple(card.data))
    return PretrainedNetwork(base, size, lambda: weights)


def _size_of(weights: Weights, card: BundleCard) -> NetworkConfig:
    """The size of a bundle's network, by its card and the shapes of its weights."""
    style_units = weights[STYLE_TABLE].shape[1]
    told = len(weights["delta_hidden/kernel"]) - weights["release_table/embeddings"].shape[1]
    if card.network.memory:
        told -= VIEW_UNITS
    size = NetworkConfig(
        units=card.network.units,
        layers=card.network.layers,
        head_units=len(weights["delta_hidden/bias"]),
        styles=len(card.styles),
        style_units=style_units,
        style_in_heads=told == card.network.units + style_units,
        memory=card.network.memory,
    )
    checked = msgspec.convert(size.as_dict(), NetworkConfig)
    check_size(checked)
    return checked


def _check_preset(name: str, source: str) -> None:
    preset = PRESETS.get(name)
    if preset is None or not preset.is_judged:
        raise InputError(f"--from {source} is of preset {name}: only networks of preset stream can be a base")


def _card_path(source: str) -> Path:
    """The card of a bundle, by the path of either of its files, that path without its ending, or its name alone."""
    stem = source.removesuffix(CARD_SUFFIX).removesuffix(".onnx")
    path = expanded(f"{stem}{CARD_SUFFIX}")
    with suppress(OSError, ValueError):  # a name that is too long
        if path.is_file():
            return path
    shelved = {bundle.name: bundle for bundle in reversed(list_bundles())}
    if source in shelved:
        return shelved[source].path
    names = ", ".join(sorted(shelved)) or "none"
    raise InputError(f"--from {source} is neither a run directory nor a bundle; bundles there are: {names}")


def _checkpoint_weights(run: RunDirectory, epoch: int) -> Weights:
    from lstm_composer.trainer.network.trained_network import load_network  # noqa: PLC0415 - slow, and a bundle needs no TensorFlow

    return {weight_name(variable): np.asarray(variable) for variable in load_network(run, epoch).trainable_variables}


def matching_config(network: NetworkConfig, base: PretrainedNetwork, given: dict[str, int]) -> NetworkConfig:
    """The configuration of a network that starts from a base: its size, and the dropout that was asked for.

    Args:
        network: With the dropout that is wanted.
        base: The base.
        given: Sizes that the user has asked for, by field.

    Raises:
        InputError: If one is not the base's.

    """
    for field, value in given.items():
        if getattr(base.network, field) != value:
            flag = f"--{field.replace('_', '-')}"
            raise InputError(
                f"{flag} {value} is not what --from {base.card.source} has ({getattr(base.network, field)}): "
                "leave the flag out"
            )
    return replace(
        network,
        **{field: getattr(base.network, field) for field in ("units", "layers", "head_units", "style_units")},
        style_in_heads=base.network.style_in_heads,
        memory=base.network.memory,
    )


def initial_weights(settings: TrainingSettings) -> Weights | None:
    """Read the weights of a run's base, None if it has none, and check that the run's network can start from them.

    Raises:
        InputError: If the base is gone, damaged, or of another version.

    """
    if settings.base is None:
        return None
    from lstm_composer.trainer.network.stream_network import StreamNetwork, blank_inputs  # noqa: PLC0415 - as above

    weights = find_pretrained(settings.base.source).weights()
    network = StreamNetwork(settings.network.as_dict())
    network(blank_inputs(settings.network.styles))
    load_weights(network, weights)
    return weights


def save_initial_weights(run: RunDirectory, weights: Weights | None) -> None:
    """Write the weights of a base into a run that is about to start, which so holds all that it needs: the base may go.

    Raises:
        MissingError: If the file cannot be written.

    """
    if weights is not None:
        write_run_file(run.path / INITIAL_WEIGHTS, lambda part: np.savez(part, allow_pickle=False, **weights))


def read_initial_weights(run: RunDirectory) -> Weights:
    """Read what `save_initial_weights` wrote.

    Raises:
        InputError: If it cannot be read.

    """
    path = run.path / INITIAL_WEIGHTS
    try:
        return read_arrays(path)
    except InputError as error:
        raise InputError(
            f"{path} cannot be read (it {error}): train again into another --run-dir, with --from"
        ) from error


def load_weights(network: Any, weights: Weights) -> None:
    """Give a network, which may hold more styles, the weights of a base.

    Raises:
        InputError: If a weight is not there or has another shape: the base was made by another version.

    """
    for variable in network.trainable_variables:
        name = weight_name(variable)
        value = weights.get(name)
        if value is not None and name == STYLE_TABLE and value.ndim:
            value = with_new_vectors(value, variable.shape[0] - len(value))
        if value is None or value.shape != tuple(variable.shape):
            raise InputError(f"the base does not fit this version of the network ({name}): train or export it again")
        variable.assign(value)


def with_new_vectors(table: Any, count: int) -> Any:
    """Add rows to the style vectors [styles, units]: their mean, `count` times."""
    return np.concatenate([table, np.repeat(table.mean(axis=0, keepdims=True), max(0, count), axis=0)])
