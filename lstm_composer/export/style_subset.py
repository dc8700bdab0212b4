"""A network without some of its styles: what does not pass need not ship."""

from collections.abc import Sequence

import numpy as np

from lstm_composer.trainer.network.onnx_weights import weight_name
from lstm_composer.trainer.network.stream_network import StreamNetwork, blank_inputs
from lstm_composer.trainer.training.fine_tuning import STYLE_TABLE


def subset_styles(network: StreamNetwork, kept: Sequence[int]) -> StreamNetwork:
    """Return a network that plays the styles of these numbers as the given one does, and knows no other."""
    smaller = StreamNetwork({**network.config.as_dict(), "styles": len(kept)})
    smaller(blank_inputs(len(kept)))
    weights = {weight_name(variable): np.asarray(variable) for variable in network.trainable_variables}
    weights[STYLE_TABLE] = weights[STYLE_TABLE][list(kept)]
    for variable in smaller.trainable_variables:
        variable.assign(weights[weight_name(variable)])
    return smaller
