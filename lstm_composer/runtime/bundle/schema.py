"""The card of a bundle: its parts, and the range of every number in them, so that no later arithmetic fails on one."""

from typing import Annotated, Final, Literal

import msgspec

from lstm_composer.runtime.bundle.encodings import Encoding
from lstm_composer.runtime.bundle.tensors import Name, TensorCard
from lstm_composer.runtime.music.event_encoding import PITCHES
from lstm_composer.runtime.music.key_estimation import KEYS
from lstm_composer.runtime.music.piece_memory import DEFAULT_RECALL, MOST_REMEMBERED, RECALLS
from lstm_composer.runtime.parameters.table import COMMANDS
from lstm_composer.runtime.system.foreign_files import MEBIBYTE

SCHEMA_VERSION: Final = 1
MOST_GRAPH_BYTES: Final = 256 * MEBIBYTE


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
Text = Annotated[str, msgspec.Meta(max_length=10_000)]
Figure = Annotated[float, msgspec.Meta(ge=-1e30, le=1e30)]
Dynamics = Literal["performed", "engraved", "absent"]
"""Whether velocities are a performer's touch, marks in a score, or say nothing."""


class _Card(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the card: unknown fields are an error, so that a misspelt one is not silently a default."""


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
    encoding: Encoding
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
