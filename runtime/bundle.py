"""The bundle: NAME.onnx with the event graph, and NAME.onnx.json, its card, that says what it is.

Nothing in a bundle is ever unpickled or names a path. A bundle whose parts do not fit each other is refused.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from runtime.article import ArticleEncoding, SkuldurEncoding, TokenEncoding, check_encoding, token_tensors
from runtime.encoding import (
    DELTA_CLASSES,
    DURATION_CLASSES,
    HEADS,
    PITCHES,
    STEERED,
    VELOCITY_BINS,
    vocabulary,
)
from runtime.errors import BundleError, InputError
from runtime.notes import Meter
from runtime.whole_files import write_whole

SCHEMA_VERSION: Final = 1
CARD_SUFFIX: Final = ".onnx.json"
_NAME: Final = re.compile(r"\w[\w .+-]*")
"""What a bundle may be called: it becomes the name of two files, in the folder that was meant."""

MOST_STRENGTH: Final = 3.0
"""Styles are laid on no thicker: beyond that their music comes apart."""
Temperature = Annotated[float, msgspec.Meta(ge=0, le=5)]
Pitch = Annotated[int, msgspec.Meta(ge=0, lt=PITCHES)]


class _Card(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the card: unknown fields are an error, so that a misspelt one is not silently a default."""


class TensorCard(_Card, frozen=True):
    """A tensor of the graph; a size is a number, or "voices" for the batch."""

    name: str
    dtype: Literal["int32", "float32"]
    shape: tuple[int | str, ...]


class SamplingCard(_Card, frozen=True, omit_defaults=True):
    """Defaults for play: a temperature per head, min-p, and how much of the style (`Controls.style_strength`)."""

    temperature: tuple[Temperature, Temperature, Temperature, Temperature]
    min_p: Annotated[float, msgspec.Meta(ge=0, le=1)]
    style_strength: Annotated[float, msgspec.Meta(ge=0, le=MOST_STRENGTH)] = 1.0


class StyleCard(_Card, frozen=True, omit_defaults=True):
    """A style and its habits: tempo in quarter notes a minute, meter such as "4/4", size of its training data.

    `register` is the lowest and the highest pitch that its music uses, but for one note in a thousand. `sampling` is
    there where the style plays better by other defaults than the bundle's.
    """

    name: str
    tempo_bpm: Annotated[float, msgspec.Meta(ge=4, le=1000)]
    meter: str
    pieces: int
    notes: int
    register: tuple[Pitch, Pitch] | None = None
    sampling: SamplingCard | None = None


class EncodingCard(_Card, frozen=True, tag_field="name", tag="stream"):
    """What class numbers mean in preset `stream`; see `runtime.encoding.vocabulary`."""

    ticks_per_quarter: int
    ladder: list[int]
    pitches: int
    velocity_bins: int
    meters: list[str]


class NetworkCard(_Card, frozen=True):
    """LSTM layers and the cells in each; of the article's presets, which carry no state, those in the first."""

    layers: int
    units: int


class ProvenanceCard(_Card, frozen=True):
    """Where the weights come from."""

    run: str
    epoch: int
    preset: str
    seed: int
    training_seconds: float
    machine: str
    program_version: str
    weights: Literal["float16", "float32"]


class DataSource(_Card, frozen=True, omit_defaults=True):
    """One source of training data, its licence and the attribution that it asks for.

    `styles` are those that were learned from it; none means that it is not known, so that it may be any of them.
    """

    source: str
    licence: str
    attribution: str
    pieces: int
    notes: int
    styles: tuple[str, ...] = ()


class PartCard(_Card, frozen=True):
    """Size of one part of the split."""

    pieces: int
    notes: int


class ParityCard(_Card, frozen=True):
    """What the comparison of graph and Keras network found at export."""

    steps: int
    greedy_equal: bool
    max_difference: float


class BundleCard(_Card, frozen=True):
    """NAME.onnx.json. `metrics` are figures per note on held-out pieces, in nats where the name says nll."""

    schema_version: int
    name: str
    licence: str
    styles: list[StyleCard]
    encoding: EncodingCard | ArticleEncoding | SkuldurEncoding
    network: NetworkCard
    inputs: list[TensorCard]
    outputs: list[TensorCard]
    sampling: SamplingCard
    provenance: ProvenanceCard
    data: list[DataSource]
    split: dict[str, PartCard]
    metrics: dict[str, float]
    parity: ParityCard
    onnx_bytes: int
    onnx_sha256: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """A card and the bytes of its graph, checked against each other."""

    card: BundleCard
    onnx: bytes


def encoding_card() -> EncodingCard:
    """Return the card of this program's encoding."""
    return msgspec.convert(vocabulary(), EncodingCard)


def expected_tensors(layers: int, units: int, styles: int) -> tuple[list[TensorCard], list[TensorCard]]:
    """Inputs and outputs of an event graph for a network of some size."""
    sizes = dict(zip(HEADS, (DELTA_CLASSES, PITCHES, DURATION_CLASSES, VELOCITY_BINS), strict=True))
    state = [_floats("h", layers, units), _floats("c", layers, units)]
    inputs = [
        TensorCard(name="event", dtype="int32", shape=("voices", len(HEADS))),
        *(TensorCard(name=name, dtype="int32", shape=("voices",)) for name in ("position", "ticks_per_bar", "meter")),
        TensorCard(name="style", dtype="float32", shape=("voices", styles)),
        *state,
        TensorCard(name="remaining", dtype="int32", shape=("voices", PITCHES)),
        TensorCard(name="temperature", dtype="float32", shape=("voices", len(HEADS))),
        TensorCard(name="min_p", dtype="float32", shape=("voices", 1)),
        *(TensorCard(name=f"{head}_bias", dtype="float32", shape=("voices", sizes[head])) for head in STEERED),
        *(TensorCard(name=f"noise_{head}", dtype="float32", shape=("voices", sizes[head])) for head in HEADS),
    ]
    outputs = [
        TensorCard(name="next_event", dtype="int32", shape=("voices", len(HEADS))),
        TensorCard(name="log_probability", dtype="float32", shape=("voices", len(HEADS))),
        TensorCard(name="next_position", dtype="int32", shape=("voices",)),
        *(TensorCard(name=f"next_{card.name}", dtype=card.dtype, shape=card.shape) for card in state),
        TensorCard(name="next_remaining", dtype="int32", shape=("voices", PITCHES)),
    ]
    return inputs, outputs


def expected_token_tensors(encoding: TokenEncoding) -> tuple[list[TensorCard], list[TensorCard]]:
    """Inputs and outputs of the graph of one of the article's presets."""
    inputs, outputs = (
        [
            msgspec.convert({"name": name, "dtype": dtype, "shape": shape}, TensorCard)
            for name, (dtype, shape) in shapes.items()
        ]
        for shapes in token_tensors(encoding)
    )
    return inputs, outputs


def _expected_of(card: BundleCard) -> tuple[list[TensorCard], list[TensorCard]]:
    if isinstance(card.encoding, TokenEncoding):
        return expected_token_tensors(card.encoding)
    return expected_tensors(card.network.layers, card.network.units, len(card.styles))


def _floats(name: str, layers: int, units: int) -> TensorCard:
    return TensorCard(name=name, dtype="float32", shape=(layers, "voices", units))


def write_bundle(card: BundleCard, onnx: bytes, folder: Path) -> Path:
    """Write both files of a bundle, the card last, and return the card's path.

    Raises:
        InputError: If the bundle's name cannot be that of a file.
        MissingError: If the folder cannot be written to.

    """
    if not _NAME.fullmatch(card.name):
        raise InputError(f"{card.name!r} cannot name a bundle: use letters, digits, spaces and any of _ . + -")
    graph_path = folder / f"{card.name}.onnx"
    write_whole(graph_path, onnx)
    card_path = folder / f"{card.name}{CARD_SUFFIX}"
    write_whole(card_path, msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")
    return card_path


def read_card(path: Path) -> BundleCard:
    """Read a card alone and check that it describes a graph this program can run.

    Raises:
        BundleError: If it does not.

    """
    try:
        version = msgspec.json.decode(path.read_bytes(), type=dict[str, msgspec.Raw]).get("schema_version")
        if version is not None and bytes(version) != b"1":
            raise BundleError(
                f"bundle {path.name} has schema version {bytes(version).decode()}; this program reads "
                f"{SCHEMA_VERSION}: update LSTM Composer, or export the model again"
            )
        card = msgspec.json.decode(path.read_bytes(), type=BundleCard)
    except FileNotFoundError:
        raise BundleError(f"bundle {path.name} is not there: {path.parent} has no such file") from None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BundleError(f"bundle {path.name} cannot be understood ({error}): export or download it again") from error
    _check_card(card, path)
    return card


def _check_card(card: BundleCard, path: Path) -> None:
    name = path.name.removesuffix(CARD_SUFFIX)
    if card.name != name:
        raise BundleError(f"bundle {name} calls itself {card.name!r}: a bundle's two files are named after it")
    if isinstance(card.encoding, TokenEncoding):
        check_encoding(card.encoding, name)
    elif card.encoding != encoding_card():
        raise BundleError(f"bundle {name} has another vocabulary than this program: export the model again")
    if not card.styles:
        raise BundleError(f"bundle {name} holds no style: export the model again")
    for style in card.styles:
        try:
            Meter.parse(style.meter)
        except InputError as error:
            raise BundleError(f"bundle {name}, style {style.name}: {error}") from error
    if (card.inputs, card.outputs) != _expected_of(card):
        raise BundleError(
            f"bundle {name}: the sizes of its tensors do not match its vocabulary, network and styles: "
            "export the model again"
        )


def load_bundle(path: Path) -> Bundle:
    """Load and verify a bundle by the path of its card.

    Raises:
        BundleError: If a file is missing, damaged or does not fit the other.

    """
    card = read_card(path)
    graph_path = path.with_name(f"{card.name}.onnx")
    try:
        onnx = graph_path.read_bytes()
    except OSError as error:
        raise BundleError(f"bundle {card.name}: {graph_path.name} cannot be read ({error.strerror})") from error
    if hashlib.sha256(onnx).hexdigest() != card.onnx_sha256:
        raise BundleError(
            f"bundle {card.name}: {graph_path.name} is not the file that was exported (its checksum differs): "
            "export or download it again"
        )
    return Bundle(card, onnx)
