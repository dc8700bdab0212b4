"""Which files of tests need TensorFlow, read off their imports and those of all that they import."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("lstm_composer", "benchmarks", "recipes")
PROGRAMS: Final = "tests.support."
"""What tests run of their own, named in strings. What they import of it loads TensorFlow only where it is used."""
TENSORFLOW: Final = frozenset({"tensorflow", "keras", "tf2onnx"})


def files_that_need_tensorflow() -> list[Path]:
    """Return the files of tests, those in folders whose conftest.py needs it among them."""
    folders = folders_that_need_tensorflow()
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [file for file in files if file.parent in folders or needs_tensorflow(file)]


def folders_that_need_tensorflow() -> list[Path]:
    """Return the folders whose conftest.py needs it: pytest loads that before it leaves out the files."""
    return [file.parent for file in sorted((ROOT / "tests").rglob("conftest.py")) if needs_tensorflow(file)]


@cache
def needs_tensorflow(file: Path) -> bool:
    """Tell whether a file reaches TensorFlow, over any number of files of ours."""
    seen, ahead = set[Path](), [file]
    while ahead:
        one = ahead.pop()
        if one in seen or not one.exists():
            continue
        seen.add(one)
        names = _names_in(one)
        if any(name.partition(".")[0] in TENSORFLOW for name in names):
            return True
        ahead += [found for name in names if (found := _file_of(name)) is not None]
    return False


@cache
def _names_in(file: Path) -> frozenset[str]:
    """What a file imports, within functions too, and the modules of ours that it names in strings, to run them."""
    return frozenset(_names(ast.parse(file.read_text(encoding="utf-8"))))


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.module.startswith(PROGRAMS):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and _is_module_of_ours(node.value):
            yield str(node.value)


def _is_module_of_ours(value: object) -> bool:
    return isinstance(value, str) and _is_ours(value) and value.replace(".", "").isidentifier()


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in PACKAGES or name.startswith(PROGRAMS)


@cache
def _file_of(name: str) -> Path | None:
    """The file of a module of ours; None for any other name."""
    if not _is_ours(name):
        return None
    path = ROOT.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.exists()), None)
