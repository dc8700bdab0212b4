"""Size and regularisation of the `stream` network: what a checkpoint must know to be built again."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Hyper-parameters of `StreamNetwork`.

    Attributes:
        units: Cells in each LSTM layer.
        layers: LSTM layers, 1 or more.
        head_units: Width of the hidden layer in each head.
        styles: Styles that the network can tell apart, 1 or more.
        style_units: Width of a style's vector.
        style_in_heads: Whether every head sees the style's vector too, or the first LSTM layer alone.
        input_dropout: Share of the inputs dropped, one mask for a whole sequence.
        dropout: Share of the states dropped between and after the LSTM layers, one mask for a whole sequence.
        head_dropout: Share of the heads' hidden layer dropped, a mask for each note.

    """

    units: int = 160
    layers: int = 2
    head_units: int = 128
    styles: int = 1
    style_units: int = 8
    style_in_heads: bool = False
    input_dropout: float = 0.1
    dropout: float = 0.25
    head_dropout: float = 0.2

    def as_dict(self) -> dict[str, Any]:
        """Return the values by name, as `StreamNetwork` takes them."""
        return asdict(self)
