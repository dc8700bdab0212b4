"""Where bundles are, and which styles they hold."""

import difflib
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lstm_composer.runtime.bundle.files import CARD_SUFFIX, read_card
from lstm_composer.runtime.bundle.schema import BundleCard, DataSource, StyleCard
from lstm_composer.runtime.errors import BundleError, InputError
from lstm_composer.runtime.system.user_folders import user_data_dir

ENVIRONMENT_VARIABLE = "LSTM_COMPOSER_MODELS"
_MOST_LISTED, _MOST_COMPARED = 60, 1000


@dataclass(frozen=True, slots=True)
class BundleEntry:
    """A bundle that was found: its card, or why it cannot be read. A folder that cannot be searched is one as well."""

    path: Path
    card: BundleCard | None
    problem: str = ""

    @property
    def name(self) -> str:
        """Name of the bundle, from its file."""
        return self.path.name.removesuffix(CARD_SUFFIX)


@dataclass(frozen=True, slots=True)
class StyleEntry:
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
    package = Path(__file__).parents[1]
    named = [Path(part) for part in os.environ.get(ENVIRONMENT_VARIABLE, "").split(os.pathsep) if part]
    shipped = [package / "shipped", package.parents[1] / "models"]
    own = [Path("models"), user_data_dir() / "models"]
    return list(dict.fromkeys(_absolute(path) for path in (*first, *named, *own, *shipped)))


def _absolute(path: Path) -> Path:
    try:
        return path.absolute()
    except OSError:  # the present folder has been removed: nothing is found in it
        return path


def list_bundles(dirs: Sequence[Path] = ()) -> list[BundleEntry]:
    """All bundles, readable or not, the first of each name only.

    Raises:
        InputError: If a folder that was given does not exist.

    """
    return [found if isinstance(found, BundleEntry) else _entry(found) for found in _found_in(dirs)]


def _found_in(dirs: Sequence[Path]) -> Iterator[Path | BundleEntry]:
    """Yield the cards of all bundles, unread, the first of each name only; also the folders that are no use."""
    for folder in dirs:
        if not _is_folder(folder):
            raise InputError(f"--models-dir {folder} is not a folder: name one that holds bundles")
    seen: set[str] = set()
    for folder in model_dirs(dirs):
        try:
            with os.scandir(folder) as entries:
                names = sorted(entry.name for entry in entries if entry.name.endswith(CARD_SUFFIX))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:  # no permission, or links that lead in a circle
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            yield BundleEntry(folder, None, f"folder {folder} cannot be searched for bundles ({reason})")
            continue
        yield from (folder / name for name in names if name not in seen)
        seen.update(names)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name too long, a folder above that may not be entered, a null character
        return False


def _entry(path: Path) -> BundleEntry:
    try:
        return BundleEntry(path, read_card(path))
    except BundleError as error:
        return BundleEntry(path, None, str(error))


def styles(shelved: Sequence[BundleEntry]) -> dict[str, StyleEntry]:
    """Styles by name; of several with one name that of the bundle named after it, or else the first.

    A fine-tuned bundle holds the styles of its base too, but is no longer as good at them.
    """
    found: dict[str, StyleEntry] = {}
    for bundle in shelved:
        for index, card in enumerate(bundle.card.styles if bundle.card else ()):
            style = StyleEntry(bundle.path, index, card, _data_of(card.name, bundle.card))
            if bundle.name == card.name:
                found[card.name] = style
            else:
                found.setdefault(card.name, style)
    return found


def listed(names: Collection[str]) -> str:
    """Names in the order of the alphabet, with commas; of very many the first."""
    shown = ", ".join(sorted(names)[:_MOST_LISTED])
    return f"{shown} and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else shown


def _data_of(style: str, card: BundleCard | None) -> tuple[DataSource, ...]:
    return tuple(source for source in (card.data if card else ()) if not source.styles or style in source.styles)


def find_style(name: str, dirs: Sequence[Path] = ()) -> StyleEntry:
    """Find the bundle that holds a style; see `styles`.

    Raises:
        InputError: If there is no such style; the message names those there are.
        BundleError: If the bundle of that name cannot be read.

    """
    return find_styles([name], dirs)[0]


def find_styles(names: Sequence[str], dirs: Sequence[Path] = ()) -> tuple[StyleEntry, ...]:
    """Find the bundle that holds all of some styles; returns them in the order of their names.

    Of several that which is named after one of them, or else the first. The beginning of a name will do where only one
    style begins so, in capitals or not.

    Raises:
        InputError: If there is no such style, several begin so, or no bundle holds them all.
        BundleError: If the bundle of that name cannot be read.

    """
    named = _named_after(names, dirs)
    if named is not None:
        return named
    shelved = list_bundles(dirs)
    names = _whole_names(names, styles(shelved))
    for bundle in sorted(shelved, key=lambda bundle: bundle.name not in names):
        held = styles([bundle])
        if all(name in held for name in names):
            return tuple(held[name] for name in names)
    places = ", ".join(f"{name} is in {_found(name, shelved).path.name}" for name in names)
    raise InputError(f"{places}: only styles of one bundle can be mixed; train them together, or one --from the other")


def _named_after(names: Sequence[str], dirs: Sequence[Path]) -> tuple[StyleEntry, ...] | None:
    """Find styles in a bundle that bears the name of one of them, without reading the cards of all others."""
    files = {f"{name}{CARD_SUFFIX}" for name in names}
    for path in _found_in(dirs):
        if isinstance(path, Path) and path.name in files:
            held = styles([_entry(path)])
            if all(name in held for name in names) and len(set(names)) == len(names):
                return tuple(held[name] for name in names)
    return None


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
            raise InputError(f"--style {name!r} could be {listed(meant)}: write more of it")
        if whole[-1] in whole[:-1]:
            raise InputError(f"--style names {whole[-1]} twice: give each style one weight")
    return whole


def _found(name: str, shelved: Sequence[BundleEntry]) -> StyleEntry:
    found = styles(shelved)
    if name in found:
        return found[name]
    broken = {bundle.name: bundle.problem for bundle in shelved if bundle.card is None}
    if name in broken:
        raise BundleError(broken[name])
    nearest = difflib.get_close_matches(name, sorted(found)[:_MOST_COMPARED], n=1)
    hint = f"; did you mean {nearest[0]}?" if nearest else ""
    names = listed(found) or "none: train one with lstm-composer train, or name a folder with --models-dir"
    # It may be in one of those, which hides a whole one of its name in a folder that is searched later.
    unread = "".join(f"; {problem}" for problem in list(broken.values())[:1])
    raise InputError(f"there is no style {name!r}; there are: {names}{hint}{unread}")
