"""The bundle: NAME.onnx with the event graph, and NAME.onnx.json, its card, that says what it is.

Nothing in a bundle is ever unpickled or names a path. A bundle whose parts do not fit each other is refused. Every
number of a card has bounds, so that no later arithmetic fails on one.
"""

import hashlib
import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from runtime.errors import BundleError, InputError
from runtime.music.event_encoding import (
    DELTA_CLASSES,
    DURATION_CLASSES,
    HEADS,
    PITCHES,
    STEERED,
    VELOCITY_BINS,
    vocabulary,
)
from runtime.music.key_estimation import KEYS
from runtime.music.notes import Meter
from runtime.music.piece_memory import CLOCK_COUNTS, DEFAULT_RECALL, MEMORY_ROWS, MOST_REMEMBERED, RECALLS
from runtime.music.token_encoding import ArticleEncoding, SkuldurEncoding, TokenEncoding, check_encoding, token_tensors
from runtime.parameters.table import COMMANDS
from runtime.system.atomic_files import write_atomically, write_bytes_atomically
from runtime.system.foreign_files import MEBIBYTE, decode_json, read_foreign
from runtime.system.visible_text import visible

SCHEMA_VERSION: Final = 1
CARD_SUFFIX: Final = ".onnx.json"
_NAME: Final = re.compile(r"\w[\w .+-]*")
"""What a bundle may be called: it becomes the name of two files, in the folder that was meant."""
MOST_CARD_BYTES: Final = MEBIBYTE
MOST_GRAPH_BYTES: Final = 256 * MEBIBYTE
SHARES_OFF: Final = 0.01
"""How far from 1 the sum of shares may be that have been rounded."""
SETTLING_SECONDS: Final = 0.5
"""How long a graph and a card that do not fit each other may be two halves of a bundle that is being replaced."""
_LOOK_SECONDS: Final = 0.02


def _range_of(parameter: str) -> msgspec.Meta:
    """What a parameter can be set to: the range of a card's value for it."""
    return msgspec.Meta(ge=COMMANDS[parameter].low, le=COMMANDS[parameter].high)


Temperature = Annotated[float, _range_of("temperature")]
MinP = Annotated[float, _range_of("min-p")]
StyleStrength = Annotated[float, _range_of("style-strength")]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
MOST_RECALL: Final = 20.0
"""Nats: what is favoured by more is as good as forced."""
Recall = Annotated[float, msgspec.Meta(ge=-MOST_RECALL, le=MOST_RECALL)]
Pitch = Annotated[int, msgspec.Meta(ge=0, lt=PITCHES)]
Count = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Text = Annotated[str, msgspec.Meta(max_length=10_000)]
Figure = Annotated[float, msgspec.Meta(ge=-1e30, le=1e30)]
Size = Annotated[int, msgspec.Meta(ge=1, le=1 << 20)]
Dynamics = Literal["performed", "engraved", "absent"]
"""Whether velocities are a performer's touch, marks in a score, or say nothing."""


class _Card(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the card: unknown fields are an error, so that a misspelt one is not silently a default."""


class TensorCard(_Card, frozen=True):
    """A tensor of the graph; a size is a number, or "voices" for the batch."""

    name: Name
    dtype: Literal["int32", "float32"]
    shape: Annotated[tuple[Size | Name, ...], msgspec.Meta(max_length=8)]


class SamplingCard(_Card, frozen=True, omit_defaults=True):
    """Defaults for play: a temperature per head, min-p, and how much of the style (`GraphInputs.style_strength`).

    `recall` is for networks with a memory: see `GraphInputs.recall`.
    """

    temperature: tuple[Temperature, Temperature, Temperature, Temperature]
    min_p: MinP
    style_strength: StyleStrength = 1.0
    recall: Annotated[tuple[Recall, ...], msgspec.Meta(min_length=RECALLS, max_length=RECALLS)] = DEFAULT_RECALL


class StyleCard(_Card, frozen=True, omit_defaults=True):
    """A style and its habits: tempo in quarter notes a minute, meter such as "4/4", size of its training data.

    `register` is the lowest and the highest pitch that its music uses, but for one note in a thousand. `sampling` is
    there where the style plays better by other defaults than the bundle's. `keys` says how much of its music is in each
    key, as the network's `key` numbers them; `dynamics` whether its loudness was performed, was written in the score
    ("engraved"), or is not told, all notes being alike ("absent").
    """

    name: Name
    tempo_bpm: Annotated[float, msgspec.Meta(ge=4, le=1000)]
    meter: Annotated[str, msgspec.Meta(max_length=20)]
    pieces: Count
    notes: Count
    register: tuple[Pitch, Pitch] | None = None
    sampling: SamplingCard | None = None
    keys: Annotated[tuple[Share, ...], msgspec.Meta(min_length=len(KEYS), max_length=len(KEYS))] | None = None
    dynamics: Dynamics | None = None


class EncodingCard(_Card, frozen=True, tag_field="name", tag="stream"):
    """What class numbers mean in preset `stream`; see `runtime.music.event_encoding.vocabulary`."""

    ticks_per_quarter: int
    ladder: list[int]
    pitches: int
    velocity_bins: int
    meters: list[str]


class NetworkCard(_Card, frozen=True, omit_defaults=True):
    """LSTM layers and the cells in each; of the article's presets, which carry no state, those in the first.

    `memory` is how many events of the piece the network remembers; 0 where it has no memory but its cells.
    """

    layers: Annotated[int, msgspec.Meta(ge=1, le=64)]
    units: Annotated[int, msgspec.Meta(ge=1, le=8192)]
    memory: Annotated[int, msgspec.Meta(ge=0, le=MOST_REMEMBERED)] = 0


class ProvenanceCard(_Card, frozen=True):
    """Where the weights come from."""

    run: Text
    epoch: Count
    preset: Text
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    training_seconds: Seconds
    machine: Text
    program_version: Text
    weights: Literal["float16", "float32"]


class DataSource(_Card, frozen=True, omit_defaults=True):
    """One source of training data, its licence and the attribution that it asks for.

    `styles` are those that were learned from it; none means that it is not known, so that it may be any of them.
    """

    source: Text
    licence: Text
    attribution: Text
    pieces: Count
    notes: Count
    styles: tuple[Name, ...] = ()


class PartCard(_Card, frozen=True):
    """Size of one part of the split."""

    pieces: Count
    notes: Count


class ParityCard(_Card, frozen=True):
    """What the comparison of graph and Keras network found at export."""

    steps: Count
    greedy_equal: bool
    max_difference: Figure


class BundleCard(_Card, frozen=True):
    """NAME.onnx.json. `metrics` are figures per note on held-out pieces, in nats where the name says nll."""

    schema_version: Literal[1]
    name: Name
    licence: Text
    styles: Annotated[list[StyleCard], msgspec.Meta(max_length=4096)]
    encoding: EncodingCard | ArticleEncoding | SkuldurEncoding
    network: NetworkCard
    inputs: list[TensorCard]
    outputs: list[TensorCard]
    sampling: SamplingCard
    provenance: ProvenanceCard
    data: list[DataSource]
    split: dict[Text, PartCard]
    metrics: dict[Text, Figure]
    parity: ParityCard
    onnx_bytes: Annotated[int, msgspec.Meta(ge=1, le=MOST_GRAPH_BYTES)]
    onnx_sha256: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A card and the bytes of its graph, checked against each other."""

    card: BundleCard
    onnx: bytes


def encoding_card() -> EncodingCard:
    """Return the card of this program's encoding."""
    return msgspec.convert(vocabulary(), EncodingCard)


@cache
def _ours() -> EncodingCard:
    return encoding_card()


def expected_tensors(
    layers: int, units: int, styles: int, memory: int = 0
) -> tuple[list[TensorCard], list[TensorCard]]:
    """Inputs and outputs of an event graph for a network of some size; `memory` as in `NetworkCard`."""
    sizes = dict(zip(HEADS, (DELTA_CLASSES, PITCHES, DURATION_CLASSES, VELOCITY_BINS), strict=True))
    state = [_floats("h", layers, units), _floats("c", layers, units)]
    remembered, key, recall = _memory_tensors(memory) if memory else ([], [], [])
    inputs = [
        TensorCard(name="event", dtype="int32", shape=("voices", len(HEADS))),
        *(TensorCard(name=name, dtype="int32", shape=("voices",)) for name in ("position", "ticks_per_bar", "meter")),
        *key,
        TensorCard(name="style", dtype="float32", shape=("voices", styles)),
        *state,
        TensorCard(name="remaining", dtype="int32", shape=("voices", PITCHES)),
        *remembered,
        TensorCard(name="temperature", dtype="float32", shape=("voices", len(HEADS))),
        TensorCard(name="min_p", dtype="float32", shape=("voices", 1)),
        *recall,
        *(TensorCard(name=f"{head}_bias", dtype="float32", shape=("voices", sizes[head])) for head in STEERED),
        *(TensorCard(name=f"noise_{head}", dtype="float32", shape=("voices", sizes[head])) for head in HEADS),
    ]
    outputs = [
        TensorCard(name="next_event", dtype="int32", shape=("voices", len(HEADS))),
        TensorCard(name="log_probability", dtype="float32", shape=("voices", len(HEADS))),
        TensorCard(name="next_position", dtype="int32", shape=("voices",)),
        *(_next(card) for card in state),
        TensorCard(name="next_remaining", dtype="int32", shape=("voices", PITCHES)),
        *(_next(card) for card in remembered),
    ]
    return inputs, outputs


def _memory_tensors(memory: int) -> tuple[list[TensorCard], list[TensorCard], list[TensorCard]]:
    """What is carried from note to note, the key, and what is wished of the past; see `runtime.music.piece_memory`."""
    remembered = [
        TensorCard(name="memory", dtype="float32", shape=("voices", MEMORY_ROWS, memory)),
        TensorCard(name="clock", dtype="float32", shape=("voices", CLOCK_COUNTS)),
    ]
    key = TensorCard(name="key", dtype="int32", shape=("voices",))
    return remembered, [key], [TensorCard(name="recall", dtype="float32", shape=("voices", RECALLS))]


def _next(card: TensorCard) -> TensorCard:
    return TensorCard(name=f"next_{card.name}", dtype=card.dtype, shape=card.shape)


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
    return expected_tensors(card.network.layers, card.network.units, len(card.styles), card.network.memory)


def _floats(name: str, layers: int, units: int) -> TensorCard:
    return TensorCard(name=name, dtype="float32", shape=(layers, "voices", units))


def check_bundle_name(name: str) -> None:
    """Check that a bundle can be called so; raises InputError if its name cannot be that of a file."""
    if not _NAME.fullmatch(name):
        raise InputError(f"{name!r} cannot name a bundle: use letters, digits, spaces and any of _ . + -")


def write_bundle(card: BundleCard, onnx: bytes, folder: Path) -> Path:
    """Write both files of a bundle, the card last, and return the card's path.

    Where there was a bundle of that name, a reader sees the old pair of files or the new one: see `load_bundle`.

    Raises:
        InputError: If the bundle's name cannot be that of a file.
        BundleError: If the card could not be read again.
        MissingError: If the folder cannot be written to.

    """
    check_bundle_name(card.name)
    graph_path, card_path = folder / f"{card.name}.onnx", folder / f"{card.name}{CARD_SUFFIX}"
    text = msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n"
    _decode_card(text, card_path)

    def fill(part: Path) -> None:
        """Have the new card on the disk before the graph is moved to its place, so that both are moved at once."""
        with part.open("wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        write_bytes_atomically(graph_path, onnx)

    write_atomically(card_path, fill, cure="make room, or name another place")
    return card_path


def read_card(path: Path) -> BundleCard:
    """Read a card alone and check that it describes a graph this program can run.

    Raises:
        BundleError: If it does not.

    """
    try:
        return _decode_card(read_foreign(path, MOST_CARD_BYTES), path)
    except InputError as error:
        raise BundleError(visible(f"bundle {path.name} {error}: export or download it again")) from error
    except BundleError as error:  # what it names is the file's, or from the card
        raise BundleError(visible(str(error))) from error


def _decode_card(data: bytes, path: Path) -> BundleCard:
    try:
        card = decode_json(data, BundleCard)
    except InputError as error:
        _check_version(data, path)
        raise BundleError(f"bundle {path.name} {error}: export or download it again") from error
    _check_card(card, path)
    return card


def _check_version(data: bytes, path: Path) -> None:
    """Tell a card of another version from one that is damaged."""
    ours = str(SCHEMA_VERSION).encode()
    with suppress(InputError):
        version = bytes(decode_json(data, dict[str, msgspec.Raw]).get("schema_version", ours))
        if version != ours:
            raise BundleError(
                f"bundle {path.name} has schema version {version[:20].decode(errors='replace')}; this program reads "
                f"{SCHEMA_VERSION}: update LSTM Composer, or export the model again"
            )


def _check_card(card: BundleCard, path: Path) -> None:
    name = path.name.removesuffix(CARD_SUFFIX)
    if card.name != name or not _NAME.fullmatch(name):
        raise BundleError(f"bundle {name} calls itself {card.name!r}: a bundle's two files are named after it")
    if isinstance(card.encoding, TokenEncoding):
        check_encoding(card.encoding, name)
    elif card.encoding != _ours():
        raise BundleError(f"bundle {name} has another vocabulary than this program: export the model again")
    if not card.styles:
        raise BundleError(f"bundle {name} holds no style: export the model again")
    _check_styles(card, name)
    if (card.inputs, card.outputs) != _expected_of(card):
        raise BundleError(
            f"bundle {name}: the sizes of its tensors do not match its vocabulary, network and styles: "
            "export the model again"
        )


def _check_styles(card: BundleCard, name: str) -> None:
    seen: set[str] = set()
    for style in card.styles:
        if not style.name.isprintable() or not style.name.strip():
            raise BundleError(f"bundle {name} has a style whose name cannot be shown ({style.name})")
        if style.name in seen:
            raise BundleError(f"bundle {name} names style {style.name} twice: export the model again")
        seen.add(style.name)
        if style.register and style.register[0] > style.register[1]:
            raise BundleError(f"bundle {name}, style {style.name}: the lowest of its register comes first")
        if style.keys is not None and abs(sum(style.keys) - 1) > SHARES_OFF:
            raise BundleError(f"bundle {name}, style {style.name}: the shares of its keys do not add up to 1")
        try:
            Meter.parse(style.meter)
        except InputError as error:
            raise BundleError(f"bundle {name}, style {style.name}: {error}") from error


class _PairError(BundleError):
    """Graph and card do not fit each other."""


def load_bundle(path: Path, deadline: float | None = None) -> Bundle:
    """Load and verify a bundle by the path of its card.

    A bundle that is being replaced has for a moment the new graph beside the old card: both are looked at again until
    they fit.

    Args:
        path: Of the card.
        deadline: Until when, by the monotonic clock; None for SETTLING_SECONDS from now.

    Raises:
        BundleError: If a file is missing, damaged or does not fit the other.

    """
    deadline = time.monotonic() + SETTLING_SECONDS if deadline is None else deadline
    while True:
        try:
            return _load_pair(path)
        except _PairError:
            if time.monotonic() >= deadline:
                raise
        time.sleep(_LOOK_SECONDS)


def _load_pair(path: Path) -> Bundle:
    card = read_card(path)
    graph_path = path.with_name(f"{card.name}.onnx")
    try:
        # A graph that is larger than its card says is not even read.
        onnx = read_foreign(graph_path, card.onnx_bytes)
    except InputError as error:
        raise _PairError(f"bundle {card.name}: {graph_path.name} {error}: export or download it again") from error
    if hashlib.sha256(onnx).hexdigest() != card.onnx_sha256:
        raise _PairError(
            f"bundle {card.name}: {graph_path.name} is not the file that was exported (its checksum differs): "
            "export or download it again"
        )
    if len(onnx) != card.onnx_bytes:
        raise _PairError(
            f"bundle {card.name}: {graph_path.name} has {len(onnx)} bytes, its card says {card.onnx_bytes}"
        )
    return Bundle(card, onnx)
