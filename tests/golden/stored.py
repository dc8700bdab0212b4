"""The stored files, and how what comes now is compared with them."""

import difflib
import json
import math
import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest

from tests.golden.make import REWRITE

STORED: Final = Path(__file__).parent / "stored"
MOST_SHOWN: Final = 40
WIDTH: Final = 200
"""Columns that a value may take on one line of a stored file."""
MISSING: Final = "(not there)"


def is_rewriting() -> bool:
    """Whether what comes now is to be stored, not compared."""
    return bool(os.environ.get(REWRITE))


def read(name: str) -> dict[str, Any]:
    """Return the stored table of a name; empty where none is stored yet."""
    path = STORED / f"{name}.json"
    table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return table


def check(name: str, found: Mapping[str, Any], *, relative: float = 0.0, is_part: bool = False) -> None:
    """Fail, with the differences, if a table is not the stored one; or store it, where that is asked for.

    Args:
        name: The stored file's, without its ending.
        found: What comes now: whatever JSON can say, by the names of the cases.
        relative: How far a number may be from the stored one, as a share of it.
        is_part: Whether it may lack cases that are stored, as in a quick run.

    """
    now = json.loads(json.dumps(found))
    if is_rewriting():
        (STORED / f"{name}.json").write_text(f"{laid_out(now)}\n", encoding="utf-8")
        return
    stored = {key: value for key, value in read(name).items() if key in now or not is_part}
    shown = list(islice(differences(stored, now, relative=relative), MOST_SHOWN + 1))
    if shown:
        more = ["..."] if len(shown) > MOST_SHOWN else []
        lines = [
            f"what comes now is not what is stored in tests/golden/stored/{name}.json:",
            *shown[:MOST_SHOWN],
            *more,
        ]
        lines.append("if that is wanted: say so in CHANGELOG.md and run python tests/golden/make.py")
        pytest.fail("\n".join(lines), pytrace=False)


def differences(stored: Any, now: Any, at: str = "", *, relative: float = 0.0) -> Iterator[str]:
    """Yield a line for each place at which two values of JSON differ; in objects the order of the keys counts too."""
    if isinstance(stored, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*stored, *now]):
            place = f"{at} > {key}" if at else key
            yield from differences(stored.get(key, MISSING), now.get(key, MISSING), place, relative=relative)
        if list(stored) != list(now) and set(stored) == set(now):
            yield f"{at}: the same keys in another order: stored {list(stored)}, now {list(now)}"
    elif _are_texts(stored) and _are_texts(now):
        lines = difflib.unified_diff(stored, now, "stored", "now", n=0, lineterm="")
        if changed := [line for line in lines if not line.startswith(("---", "+++", "@@"))]:
            yield "\n    ".join([f"{at}: - stored, + now", *changed])
    elif isinstance(stored, list) and isinstance(now, list) and len(stored) == len(now):
        for number, (one, other) in enumerate(zip(stored, now, strict=True)):
            yield from differences(one, other, f"{at}[{number}]", relative=relative)
    elif not _equal(stored, now, relative):
        yield f"{at}:\n    stored {json.dumps(stored)}\n    now    {json.dumps(now)}"


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _equal(stored: Any, now: Any, relative: float) -> bool:
    if relative and isinstance(stored, float) and isinstance(now, float):
        return math.isclose(stored, now, rel_tol=relative)
    return type(stored) is type(now) and bool(stored == now)


def laid_out(value: Any, indent: int = 0) -> str:
    """Return a value as JSON: on one line what fits there, but each entry of the whole on lines of its own."""
    line = json.dumps(value)
    if not isinstance(value, dict | list) or not value or (indent and indent + len(line) <= WIDTH):
        return line
    space = " " * (indent + 1)
    if isinstance(value, dict):
        parts = [f"{space}{json.dumps(key)}: {laid_out(one, indent + 1)}" for key, one in value.items()]
    else:
        parts = [f"{space}{laid_out(one, indent + 1)}" for one in value]
    first, last = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([first, ",\n".join(parts), f"{' ' * indent}{last}"])


def shape(value: Any) -> Any:
    """Return the fields of a value of JSON in their order, with the kinds of what they hold in place of the values."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        kinds: list[Any] = []
        for one in map(shape, value):
            if one not in kinds:
                kinds.append(one)
        return sorted(kinds, key=json.dumps)
    return "null" if value is None else type(value).__name__
