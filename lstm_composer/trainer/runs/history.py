"""history.csv: a row of figures for each epoch of a run, read as a file of others is."""

import csv
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from itertools import islice, pairwise
from pathlib import Path
from typing import Final

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.foreign_files import MEBIBYTE, read_foreign_text

MOST_HISTORY_BYTES: Final = 64 * MEBIBYTE
MOST_EPOCHS: Final = 10_000_000
_COLUMN: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_MOST_COLUMNS: Final = 100
_MOST_ROWS: Final = 100_000
_NEEDED: Final = ("epoch", "loss")


def read_rows(path: Path) -> list[dict[str, float]]:
    """Read the rows, epochs rising. A figure that is none (nan) is left out: it can be compared with nothing.

    Raises:
        InputError: If it is no such table; the message is a reason that follows the file's name.

    """
    text = read_foreign_text(path, MOST_HISTORY_BYTES)
    try:
        lines = list(islice(csv.reader(StringIO(text, newline=""), strict=True), _MOST_ROWS + 2))
    except csv.Error as error:
        raise InputError(f"is no table of figures ({error})") from error
    if not lines:
        raise InputError("is empty")
    if len(lines) > _MOST_ROWS + 1:
        raise InputError(f"has more than {_MOST_ROWS} rows")
    columns = _columns(lines[0])
    rows = [_row(columns, cells, number) for number, cells in enumerate(lines[1:], start=2)]
    for before, row in pairwise(rows):
        if row["epoch"] <= before["epoch"]:
            raise InputError(f"has epoch {row['epoch']} after epoch {before['epoch']}")
    return rows


def write_rows(path: Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Write the rows."""
    columns = dict.fromkeys(name for row in rows for name in row) or {"epoch": None, "loss": None}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(columns), restval="")
        writer.writeheader()
        writer.writerows(rows)


def _columns(header: Sequence[str]) -> list[str]:
    strange = [name for name in header if not _COLUMN.fullmatch(name)]
    if strange or len(header) > _MOST_COLUMNS or len(set(header)) != len(header) or not set(_NEEDED) <= set(header):
        raise InputError("has other columns than a history: epoch, loss and others, each once")
    return list(header)


def _row(columns: Sequence[str], cells: Sequence[str], number: int) -> dict[str, float]:
    if len(cells) != len(columns):
        raise InputError(f"has {len(cells)} figures in line {number}, not {len(columns)}")
    figures = _figures(zip(columns, cells, strict=True), number)
    for name in _NEEDED:
        if name not in figures:
            raise InputError(f"has no {name} in line {number}")
    return figures


def _figures(cells: Iterable[tuple[str, str]], number: int) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, cell in cells:
        try:
            # Epochs stay whole numbers, so that a resumed run writes the rows that it read.
            value = int(cell) if name == "epoch" else float(cell or "nan")
        except ValueError:
            raise InputError(f"has {cell[:40]!r} for {name} in line {number}, which is no number") from None
        if name == "epoch" and not 1 <= value <= MOST_EPOCHS:
            raise InputError(f"has {cell[:40]!r} for {name} in line {number}, which is no epoch")
        if math.isfinite(value):
            figures[name] = value
    return figures
