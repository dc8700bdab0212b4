"""What the benchmark scripts share: percentiles, tables, and a clear word on the machine."""

import os
import platform
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """Value below which a share 0..1 of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def machine() -> str:
    """Return what the figures were measured on."""
    return f"{os.cpu_count()} {platform.machine()} cores, {platform.system()}, Python {platform.python_version()}"


def print_table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table in Markdown, for docs/benchmarks.md."""
    print(f"| {' | '.join(titles)} |")
    print(f"|{'|'.join('---' for _ in titles)}|")
    for row in rows:
        print(f"| {' | '.join(str(cell) for cell in row)} |")
