"""A network without some of its styles: what does not pass need not ship."""

from collections.abc import Collection, Sequence

import numpy as np

from runtime.bundle.files import StyleCard
from runtime.errors import InputError
from trainer.network.onnx_weights import weight_name
from trainer.network.stream_network import StreamNetwork, blank_inputs
from trainer.training.fine_tuning import STYLE_TABLE


def style_indices_to_keep(styles: Sequence[StyleCard], left_out: Collection[str]) -> list[int]:
    """Return the numbers of the styles that stay.

    Raises:
        InputError: If one to leave out is not there, or none would stay.

    """
    names = [style.name for style in styles]
    if unknown := sorted(set(left_out) - set(names)):
        raise InputError(f"--leave-out {unknown[0]} is no style of the run, which holds {', '.join(names)}")
    kept = [number for number, name in enumerate(names) if name not in left_out]
    if not kept:
        raise InputError("--leave-out names all styles of the run: one has to stay")
    return kept


def subset_styles(network: StreamNetwork, kept: Sequence[int]) -> StreamNetwork:
    """Return a network that plays the styles of these numbers as the given one does, and knows no other."""
    smaller = StreamNetwork({**network.config.as_dict(), "styles": len(kept)})
    smaller(blank_inputs(len(kept)))
    weights = {weight_name(variable): np.asarray(variable) for variable in network.trainable_variables}
    weights[STYLE_TABLE] = weights[STYLE_TABLE][list(kept)]
    for variable in smaller.trainable_variables:
        variable.assign(weights[weight_name(variable)])
    return smaller
