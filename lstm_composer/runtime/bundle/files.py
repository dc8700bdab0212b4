"""The bundle: NAME.onnx with the event graph, and NAME.onnx.json, its card, that says what it is.

Nothing in a bundle is ever unpickled or names a path. A bundle whose parts do not fit each other is refused.
"""

import hashlib
import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from lstm_composer.runtime.bundle.schema import SCHEMA_VERSION, BundleCard
from lstm_composer.runtime.errors import BundleError, InputError
from lstm_composer.runtime.music.notes import Meter
from lstm_composer.runtime.system.atomic_files import write_atomically, write_bytes_atomically
from lstm_composer.runtime.system.foreign_files import MEBIBYTE, decode_json, read_foreign
from lstm_composer.runtime.system.visible_text import visible

CARD_SUFFIX: Final = ".onnx.json"
_NAME: Final = re.compile(r"\w[\w .+-]*")
"""What a bundle may be called: it becomes the name of two files, in the folder that was meant."""
MOST_CARD_BYTES: Final = MEBIBYTE
SHARES_OFF: Final = 0.01
"""How far from 1 the sum of shares may be that have been rounded."""
SETTLING_SECONDS: Final = 0.5
"""How long a graph and a card that do not fit each other may be two halves of a bundle that is being replaced."""
_LOOK_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Bundle:
    """A card and the bytes of its graph, checked against each other."""

    card: BundleCard
    onnx: bytes


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
    card.encoding.check(name)
    if not card.styles:
        raise BundleError(f"bundle {name} holds no style: export the model again")
    _check_styles(card, name)
    if (card.inputs, card.outputs) != card.encoding.tensors(card):
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
