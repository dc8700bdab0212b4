"""What the recipes of the shipped bundles share: Mutopia's manifest, and the page of sources that the card needs."""

import csv
from collections.abc import Sequence
from pathlib import Path

import msgspec

from runtime.bundle import DataSource

PLAYED_BY = ("organ", "harpsichord", "piano", "clavichord", "clavier", "voice", "choir")
NOT_PLAYED_BY = ("ensemble", "violin", "flute", "guitar", "lute")

Row = dict[str, str]
"""A line of Mutopia's MANIFEST.tsv: file, title, instruments, period or kind, licence, encoder, mutopia id."""


def wanted(instruments: str) -> bool:
    """Tell whether a work is for keyboard or choir alone: one keyboard player should be able to think it."""
    named = instruments.lower()
    return any(name in named for name in PLAYED_BY) and not any(name in named for name in NOT_PLAYED_BY)


def mutopia_works(mutopia: Path, folder: str = "") -> list[Row]:
    """The wanted works of the manifest whose files are there, their licences' names shortened.

    Args:
        mutopia: The folder with the files and MANIFEST.tsv.
        folder: Of one composer; all by default.

    """
    with (mutopia / "MANIFEST.tsv").open(encoding="utf-8", newline="") as manifest:
        rows = list(csv.DictReader(manifest, delimiter="\t"))
    return [
        {**row, "licence": row["licence"].removesuffix(" (Unported)").removesuffix(" International")}
        for row in rows
        if row["file"].startswith(folder) and wanted(row["instruments"]) and (mutopia / row["file"]).is_file()
    ]


def write_sources(out: Path, sources: Sequence[DataSource]) -> None:
    """Write OUT.json beside OUT, as `composer-export --data` takes it."""
    out.with_name(f"{out.name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(sources), indent=2))
