"""Where bundles are, and which styles they hold."""

import difflib
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.bundle import CARD_SUFFIX, BundleCard, DataSource, StyleCard, read_card
from runtime.errors import BundleError, InputError
from runtime.user_folders import user_data_dir

ENVIRONMENT_VARIABLE = "LSTM_COMPOSER_MODELS"


@dataclass(frozen=True, slots=True)
class Shelved:
    """A bundle that was found: its card, or why it cannot be read."""

    path: Path
    card: BundleCard | None
    problem: str = ""

    @property
    def name(self) -> str:
        """Name of the bundle, from its file."""
        return self.path.name.removesuffix(CARD_SUFFIX)


@dataclass(frozen=True, slots=True)
class FoundStyle:
    """A style: the card of its bundle, its index among the bundle's styles, and what it was learned from."""

    path: Path
    index: int
    card: StyleCard
    data: tuple[DataSource, ...] = ()

    @property
    def licences(self) -> tuple[str, ...]:
        """Licences of what it was learned from, each once."""
        return tuple(sorted({source.licence for source in self.data}))


def model_dirs(first: Sequence[Path] = ()) -> list[Path]:
    """Folders that are searched, in order: those given, the environment's, those that ship, the user's own."""
    package = Path(__file__).parent
    named = [Path(part) for part in os.environ.get(ENVIRONMENT_VARIABLE, "").split(os.pathsep) if part]
    shipped = [package / "bundles", package.parent / "models"]
    own = [Path("models"), user_data_dir() / "models"]
    return list(dict.fromkeys(_absolute(path) for path in (*first, *named, *own, *shipped)))


def _absolute(path: Path) -> Path:
    try:
        return path.absolute()
    except OSError:  # the present folder has been removed: nothing is found in it
        return path


def shelf(dirs: Sequence[Path] = ()) -> list[Shelved]:
    """All bundles, readable or not, the first of each name only.

    Raises:
        InputError: If a folder that was given does not exist.

    """
    for folder in dirs:
        if not _is_folder(folder):
            raise InputError(f"--models-dir {folder} is not a folder: name one that holds bundles")
    cards = [path for folder in model_dirs(dirs) for path in _cards_in(folder)]
    first_of_name = {path.name: path for path in reversed(cards)}
    return [_shelved(path) for path in cards if first_of_name[path.name] == path]


def _cards_in(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob(f"*{CARD_SUFFIX}"))
    except OSError:  # a home that may not be entered: whatever is there, it is not for this program
        return []


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name too long, or a folder above that may not be entered
        return False


def _shelved(path: Path) -> Shelved:
    try:
        return Shelved(path, read_card(path))
    except BundleError as error:
        return Shelved(path, None, str(error))


def styles(shelved: Sequence[Shelved]) -> dict[str, FoundStyle]:
    """Styles by name; of several with one name that of the bundle named after it, or else the first.

    A fine-tuned bundle holds the styles of its base too, but is no longer as good at them.
    """
    found: dict[str, FoundStyle] = {}
    for bundle in shelved:
        for index, card in enumerate(bundle.card.styles if bundle.card else ()):
            style = FoundStyle(bundle.path, index, card, _data_of(card.name, bundle.card))
            if bundle.name == card.name:
                found[card.name] = style
            else:
                found.setdefault(card.name, style)
    return found


def _data_of(style: str, card: BundleCard | None) -> tuple[DataSource, ...]:
    return tuple(source for source in (card.data if card else ()) if not source.styles or style in source.styles)


def find_style(name: str, dirs: Sequence[Path] = ()) -> FoundStyle:
    """Find the bundle that holds a style; see `styles`.

    Raises:
        InputError: If there is no such style; the message names those there are.
        BundleError: If the bundle of that name cannot be read.

    """
    return find_styles([name], dirs)[0]


def find_styles(names: Sequence[str], dirs: Sequence[Path] = ()) -> tuple[FoundStyle, ...]:
    """Find the bundle that holds all of some styles; returns them in the order of their names.

    Of several that which is named after one of them, or else the first. The beginning of a name will do where only one
    style begins so, in capitals or not.

    Raises:
        InputError: If there is no such style, several begin so, or no bundle holds them all.
        BundleError: If the bundle of that name cannot be read.

    """
    shelved = shelf(dirs)
    names = _whole_names(names, styles(shelved))
    for bundle in sorted(shelved, key=lambda bundle: bundle.name not in names):
        held = styles([bundle])
        if all(name in held for name in names):
            return tuple(held[name] for name in names)
    places = ", ".join(f"{name} is in {_found(name, shelved).path.name}" for name in names)
    raise InputError(f"{places}: only styles of one bundle can be mixed; train them together, or one --from the other")


def _whole_names(names: Sequence[str], known: Collection[str]) -> list[str]:
    """Names in full; one that no style begins with stays what it is, for `_found` to say so."""
    whole = []
    for name in names:
        meant = [style for style in sorted(known) if name and style.casefold().startswith(name.casefold())]
        exact = [style for style in meant if style.casefold() == name.casefold()]
        if name in known or not meant:
            whole.append(name)
        elif len(meant) == 1 or len(exact) == 1:
            whole.append((exact or meant)[0])
        else:
            raise InputError(f"--style {name!r} could be {', '.join(meant)}: write more of it")
        if whole[-1] in whole[:-1]:
            raise InputError(f"--style names {whole[-1]} twice: give each style one weight")
    return whole


def _found(name: str, shelved: Sequence[Shelved]) -> FoundStyle:
    found = styles(shelved)
    if name in found:
        return found[name]
    broken = {bundle.name: bundle.problem for bundle in shelved if bundle.card is None}
    if name in broken:
        raise BundleError(broken[name])
    nearest = difflib.get_close_matches(name, found, n=1)
    hint = f"; did you mean {nearest[0]}?" if nearest else ""
    names = ", ".join(sorted(found)) or "none: train one with lstm-composer train, or name a folder with --models-dir"
    raise InputError(f"there is no style {name!r}; there are: {names}{hint}")
