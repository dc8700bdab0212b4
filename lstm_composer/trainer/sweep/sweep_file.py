"""sweep.toml: which trainings a sweep is made of, each checked as a command line is before anything starts.

gpus = 0                    GPUs for each run, also a part of one

[common]                    flags of `lstm-composer train` for all runs, and `folder`
[[run]]                     a run: its `name`, and flags in which it differs
[grid]                      flags with lists of values: every combination is a run, of every [[run]] if there are any
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.foreign_files import read_foreign_toml
from lstm_composer.runtime.system.visible_text import shortened, visible
from lstm_composer.trainer.runs.request import KINDS, TrainingRequest
from lstm_composer.trainer.runs.settings import check_style_name
from lstm_composer.trainer.text.ranges import converted

Value = str | int | float | bool
Flags = dict[str, Value]

_TABLES = ("common", "run", "grid", "gpus")
_MOST_SHOWN = 60
MOST_RUNS = 1000
"""Of a sweep: a few lists too many make millions."""


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A run of a sweep.

    Attributes:
        name: Of the run and of its directory.
        differs: The flags in which it differs from the others.
        flags: All flags, without their dashes, and `folder`, as they are written in the file.
        request: What they ask for.

    """

    name: str
    differs: Flags
    flags: Flags
    request: TrainingRequest


@dataclass(frozen=True, slots=True)
class Sweep:
    """What sweep.toml says: the runs, and GPUs for each of them."""

    runs: tuple[PlannedRun, ...]
    gpus: float


def read_sweep(path: Path) -> Sweep:
    """Read a sweep and check every run of it.

    Raises:
        InputError: If the file cannot be read, or any of its runs could not be started.

    """
    content = _read(path)
    try:
        return _sweep(content, path.stem)
    except InputError as error:
        raise InputError(f"{visible(str(path))}: {error}") from error
    except (ValueError, OverflowError) as error:  # TOML's numbers may be longer than Python can show or measure
        raise InputError(f"{visible(str(path))}: a number in it is too long: mend it") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_foreign_toml(path)
    except InputError as error:
        raise InputError(
            f"{visible(str(path))} {error}: --sweep takes a TOML file; docs/training.md shows one"
        ) from error


def _sweep(content: Mapping[str, Any], stem: str) -> Sweep:
    for key in content:
        if key not in _TABLES:
            raise InputError(f"{_shown(key)} is not allowed there: it may hold [common], [[run]], [grid] and gpus")
    common = {"threads": 1, **_flags("[common]", content.get("common", {}))}
    grid = _grid(content.get("grid", {}))
    tables = _run_tables(content.get("run"), grid)
    runs = [_planned(common, name, table, stem) for name, table in _combinations(tables, grid)]
    _check_names([run.name for run in runs])
    return Sweep(tuple(runs), _gpus(content.get("gpus", 0)))


def _grid(table: Any) -> dict[str, list[Flags]]:
    """For each flag of [grid], its values, each checked."""
    grid = {}
    for key, values in _table("[grid]", table).items():
        if not isinstance(values, list) or not values:
            raise InputError(
                f"{key} = {_shown(values)} in [grid] is not allowed: give a list of values, such as [1, 2, 3]"
            )
        checked = [_flags("[grid]", {key: value}) for value in values]
        flag = next(iter(checked[0]))
        if flag == "name":
            raise InputError("name in [grid] is not allowed: the values of the other flags name the runs")
        grid[flag] = checked
    return grid


def _run_tables(tables: Any, grid: Mapping[str, object]) -> list[Any]:
    if tables is None and grid:
        return [{}]
    if not isinstance(tables, list) or not tables:
        raise InputError("it names no run: give [[run]] tables, a [grid], or both")
    return tables


def _combinations(tables: Sequence[Any], grid: Mapping[str, list[Flags]]) -> list[tuple[str, Flags]]:
    """Name each run, and say in which flags it differs; `name` among them if it has one in [[run]]."""
    count = len(tables) * math.prod(map(len, grid.values()))
    if count > MOST_RUNS:
        raise InputError(f"it names {count:,} runs: {MOST_RUNS} at the most are trained; leave values out of [grid]")
    found = []
    for table in tables:
        own = _flags("[[run]]", table)
        if twice := sorted(own.keys() & grid.keys()):
            raise InputError(f"{twice[0]} is both in a [[run]] and in [grid]: leave it out of one of them")
        first = str(own["name"]) if "name" in own else _named(own)
        for values in itertools.product(*grid.values()):
            flags = {flag: value for one in values for flag, value in one.items()}
            name = "_".join(part for part in (first, _named(flags)) if part)
            found.append((name, {**own, **flags}))
    return found


def _planned(common: Flags, name: str, own: Flags, stem: str) -> PlannedRun:
    """Settle the flags of a run; its style is that of [common], or else named as its [[run]] or the file."""
    differs = {flag: value for flag, value in own.items() if flag != "name"}
    flags = {"name": stem, **own, **common, **differs}
    if "folder" not in flags:
        raise InputError("a run has no folder of music: give `folder` in [common], in its [[run]] or in [grid]")
    request = msgspec.convert({flag: converted(value, KINDS[flag]) for flag, value in flags.items()}, TrainingRequest)
    try:
        check_style_name(name)
        check_style_name(request.name)
    except InputError as error:
        raise InputError(f"run {_shown(name)}: {error}") from error
    return PlannedRun(name, differs, flags, request)


def _flags(where: str, table: Any) -> Flags:
    """Check keys, which may be written with underscores, and values."""
    flags: Flags = {}
    for key, value in _table(where, table).items():
        flag = key.replace("_", "-")
        if flag not in KINDS:
            raise InputError(f"{_shown(key)} in {where} is not allowed: {', '.join(sorted(KINDS))} are")
        if flag in flags:
            raise InputError(f"{_shown(key)} comes twice in {where}: leave one out")
        if not isinstance(value, (str, int, float)):
            raise InputError(f"{key} = {_shown(value)} in {where} is not allowed: give a text, a number, true or false")
        try:
            converted(value, KINDS[flag])
        except ValueError as error:
            raise InputError(f"{key} = {_shown(value)} in {where} is not allowed: give {error}") from error
        flags[flag] = value
    return flags


def _table(where: str, table: Any) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise InputError(f"{where} is not a table of flags and values: docs/training.md shows a sweep")
    return table


def _gpus(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        raise InputError(
            f"gpus = {_shown(value)} is not allowed: give how many a run needs, 0 or more; 0.5 for half of one"
        )
    return value


def _named(flags: Flags) -> str:
    """A name made of values: `stream_units-128_seed-1`."""
    return "_".join(_word(flag, value) for flag, value in flags.items())


def _word(flag: str, value: Value) -> str:
    if isinstance(value, bool):
        return flag if value else f"no-{flag}"
    if isinstance(value, str):
        last = re.split(r"[/\\:]", value.rstrip("/\\"))[-1]
        return re.sub(r"[^\w.-]", "-", last)
    return f"{flag}-{value}"


def _check_names(names: Sequence[str]) -> None:
    """Two that differ in capitals alone would be one folder on some systems."""
    name, times = Counter(name.casefold() for name in names).most_common(1)[0]
    if times > 1:
        raise InputError(f"{times} runs are named {_shown(name)}: give each [[run]] a name of its own")


def _shown(value: Any) -> str:
    """A key or a value as a message repeats it: not at any length."""
    return shortened(repr(value), _MOST_SHOWN)
