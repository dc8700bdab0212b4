"""Size and regularisation of the `stream` network: what a checkpoint must know to be built again."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final

import msgspec

from lstm_composer.runtime.errors import InputError

MOST: Final = {"units": 4096, "layers": 16, "head_units": 4096, "styles": 4096, "style_units": 1024}
"""The largest of each size; a run's config.json is held to it as the flags are."""
MOST_WEIGHTS: Final = 300_000_000
"""In all LSTM layers: with what the optimizer keeps of each, some 4 GB."""

Units = Annotated[int, msgspec.Meta(ge=1, le=MOST["units"])]
Layers = Annotated[int, msgspec.Meta(ge=1, le=MOST["layers"])]
HeadUnits = Annotated[int, msgspec.Meta(ge=1, le=MOST["head_units"])]
Styles = Annotated[int, msgspec.Meta(ge=1, le=MOST["styles"])]
StyleUnits = Annotated[int, msgspec.Meta(ge=1, le=MOST["style_units"])]
PAST: Final = 512
"""Events of a piece that a network with a memory remembers."""
Memory = Annotated[int, msgspec.Meta(ge=0, le=PAST, multiple_of=PAST)]
Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]


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
        memory: Events of the piece that it remembers beside its state, see `trainer.pieces.recollection`; 0: none.
        input_dropout: Share of the inputs dropped, one mask for a whole sequence.
        dropout: Share of the states dropped between and after the LSTM layers, one mask for a whole sequence.
        head_dropout: Share of the heads' hidden layer dropped, a mask for each note.

    """

    units: Units = 160
    layers: Layers = 2
    head_units: HeadUnits = 128
    styles: Styles = 1
    style_units: StyleUnits = 8
    style_in_heads: bool = False
    memory: Memory = 0
    input_dropout: Share = 0.1
    dropout: Share = 0.25
    head_dropout: Share = 0.2

    def as_dict(self) -> dict[str, Any]:
        """Return the values by name, as `StreamNetwork` takes them."""
        return asdict(self)

    def fewest_weights(self) -> int:
        """How many weights the network has at the least: those of the recurrent layers, of heads and styles."""
        of_first_layer, of_others = 4 * self.units**2, 8 * self.units**2
        return of_first_layer + (self.layers - 1) * of_others + 4 * self.units * self.head_units


def check_size(network: NetworkConfig) -> None:
    """Check that a network is not too large for any machine that this program is meant for.

    Raises:
        InputError: If it is.

    """
    for name, most in MOST.items():
        if (size := getattr(network, name)) > most:
            raise InputError(
                f"{size} {name.replace('_', ' ')} are too many for a network: {most} at the most are allowed"
            )
    if network.fewest_weights() > MOST_WEIGHTS:
        raise InputError(
            f"{network.layers} layers of {network.units} units are {network.fewest_weights() / 1e6:,.0f} million "
            f"weights: at most {MOST_WEIGHTS / 1e6:,.0f} million are allowed"
        )
