"""Which files of tests need TensorFlow, or another library: read off their imports and those of all they import."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("lstm_composer", "benchmarks", "recipes")
PROGRAMS: Final = "tests.support."
"""What tests run of their own, named in strings. What they import of it loads TensorFlow only where it is used."""
_IMPORT: Final = re.compile(r"^[ \t]*(?:from (\w[\w.]*) import (\([^)]*\)|[^(\n]*)|import ([^\n]*))", re.MULTILINE)
_STRING: Final = re.compile(r"""["'](\w+(?:\.\w+)*)["']""")
_COMMENT: Final = re.compile(r"#.*")
TENSORFLOW: Final = frozenset({"tensorflow", "keras", "tf2onnx", "h5py"})
"""What the extra `train` leaves out where TensorFlow has no version: h5py, which reads its weights, too."""


def files_that_need(libraries: frozenset[str] = TENSORFLOW) -> list[Path]:
    """Return the files of tests, those in folders whose conftest.py needs one of the libraries among them."""
    folders = folders_that_need(libraries)
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [file for file in files if file.parent in folders or needs(file, libraries)]


def folders_that_need(libraries: frozenset[str] = TENSORFLOW) -> list[Path]:
    """Return the folders whose conftest.py needs it: pytest loads that before it leaves out the files."""
    return [file.parent for file in sorted((ROOT / "tests").rglob("conftest.py")) if needs(file, libraries)]


@cache
def needs(file: Path, libraries: frozenset[str] = TENSORFLOW) -> bool:
    """Tell whether a file reaches one of the libraries, over any number of files of ours."""
    seen, ahead = set[Path](), [file]
    while ahead:
        one = ahead.pop()
        if one in seen or not one.exists():
            continue
        seen.add(one)
        names = _names_in(one)
        if any(name.partition(".")[0] in libraries for name in names):
            return True
        ahead += [found for name in names if (found := _file_of(name)) is not None]
    return False


@cache
def _names_in(file: Path) -> frozenset[str]:
    """What a file imports, within functions too, and the modules of ours that it names in strings, to run them."""
    return frozenset(_names(file.read_text(encoding="utf-8")))


def _names(source: str) -> Iterator[str]:
    """Names by the look of the text: each process of a run asks this of every file, and parsing takes too long."""
    for module, listed, modules in _IMPORT.findall(source):
        if module and not module.startswith(PROGRAMS):
            yield module
            yield from (f"{module}.{name}" for name in _imported(listed))
        yield from _imported(modules)
    yield from filter(_is_ours, _STRING.findall(source))


def _imported(listed: str) -> list[str]:
    """The names of a list in an import, without what they are called there."""
    words = (part.split() for part in _COMMENT.sub("", listed).strip("()").split(","))
    return [first for first, *_ in filter(None, words)]


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in PACKAGES or name.startswith(PROGRAMS)


@cache
def _file_of(name: str) -> Path | None:
    """The file of a module of ours; None for any other name."""
    if not _is_ours(name):
        return None
    path = ROOT.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.exists()), None)
