"""The settings that a training begins with: what is asked for, and for the rest what the preset or the base has."""

import msgspec

from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.runs.network_config import NetworkConfig, check_size
from lstm_composer.trainer.runs.request import TrainingRequest
from lstm_composer.trainer.runs.settings import FINE_TUNING, PRESETS, TrainingSettings
from lstm_composer.trainer.text.names import kept_source
from lstm_composer.trainer.training.fine_tuning import PretrainedNetwork, find_pretrained, matching_config

_NOT_ASKED = TrainingSettings(name="", source="")


def initial_settings(request: TrainingRequest, *, resume: bool = False) -> TrainingSettings:
    """Settle what a request leaves open.

    Args:
        request: What is asked for.
        resume: Whether for a run that is there, and so holds its base already: it is not looked for.

    Raises:
        InputError: If there is no such base, the preset cannot start from one, or the network is too large or not of
            the base's size.
        BundleError: If the base is a bundle that does not check out.

    """
    base = None if resume else _base(request)
    recipe = FINE_TUNING if base else PRESETS[request.preset].recipe
    asked = request.given(*recipe.__struct_fields__, "minutes", "seed", "window", "weight_decay", "own_keys_last")
    return TrainingSettings(
        name=request.name,
        source=kept_source(request.folder),
        preset=request.preset,
        network=_network(request, base),
        leave_out_untidy=request.leave_out_untidy,
        transpose=not request.no_transposition,
        tensorboard=request.tensorboard,
        styles=(request.name,) if request.one_style else (),
        base=base.card if base else None,
        **{**msgspec.to_builtins(recipe), **asked},
    )


def _base(request: TrainingRequest) -> PretrainedNetwork | None:
    if request.base is None:
        return None
    if not PRESETS[request.preset].is_judged:
        raise InputError(f"--from starts networks of preset stream, not of {request.preset}: leave one of them out")
    return find_pretrained(request.base)


def _network(request: TrainingRequest, base: PretrainedNetwork | None) -> NetworkConfig:
    sizes = request.given("units", "layers", "head_units", "style_units")
    rates = request.given("input_dropout", "dropout", "head_dropout")
    if base is not None:
        return matching_config(NetworkConfig(**rates), base, sizes)
    network = NetworkConfig(**sizes, **rates, memory=_NOT_ASKED.network.memory)
    check_size(network)
    return network
