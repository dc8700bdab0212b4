"""The bundles that trainings start from and end in."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from lstm_composer.runtime.bundle.files import CARD_SUFFIX, check_bundle_name, read_card
from lstm_composer.runtime.bundle.library import list_bundles, styles
from lstm_composer.runtime.bundle.schema import DataSource
from lstm_composer.runtime.errors import BundleError, InputError, MissingError
from lstm_composer.runtime.panel.training.run_files import Learned
from lstm_composer.runtime.system.atomic_files import write_bytes_atomically
from lstm_composer.runtime.system.user_folders import user_data_dir

BASE: Final = "base"


def own_bundles() -> Path:
    """Return where bundles of the user's own are, in which they are found by name."""
    return user_data_dir() / "models"


def base_card(models_dirs: Sequence[Path]) -> Path:
    """Return the card of the bundle that holds what the shipped styles have in common.

    Raises:
        MissingError: If it is not there.

    """
    found = {bundle.name: bundle for bundle in reversed(list_bundles(models_dirs))}
    if BASE not in found:
        raise MissingError("the bundle base is not there, which ships with this program: start from nothing")
    return found[BASE].path


def check_free(style: str, models_dirs: Sequence[Path]) -> None:
    """Check that a new style can be called so.

    Raises:
        InputError: If no bundle can be, or there is a style of that name.

    """
    check_bundle_name(style)
    if style in styles(list_bundles(models_dirs)):
        raise name_taken(style)


def name_taken(style: str) -> InputError:
    """Return the error that there is a style of that name."""
    return InputError(f"there is a style {style!r} already: give the new one another name")


def write_sources(path: Path, style: str, learned: Learned | None) -> None:
    """Write what a style was learned from, for the card of its bundle: a folder called music would say nothing.

    Raises:
        MissingError: If it cannot be written.

    """
    parts = learned.parts.values() if learned else ()
    source = DataSource(
        source=f"{style}: files of one's own",
        licence="not stated",
        attribution="",
        pieces=sum(part.pieces for part in parts),
        notes=sum(part.notes for part in parts),
        styles=(style,),
    )
    write_bytes_atomically(path, msgspec.json.encode([source]))


def exported_epoch(style: str) -> int | None:
    """Return the epoch that the user's own bundle of a style was made of; None if there is none."""
    path = own_bundles() / f"{style}{CARD_SUFFIX}"
    if not style or not path.is_file():
        return None
    with suppress(BundleError):
        return read_card(path).provenance.epoch
    return None
