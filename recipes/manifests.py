"""What the recipes of the shipped bundles share: the manifests of collections, and the page of sources on the card."""

import csv
from collections.abc import Sequence
from pathlib import Path

import msgspec

from lstm_composer.runtime.bundle.schema import DataSource

PLAYED_BY = ("organ", "harpsichord", "piano", "clavichord", "clavier", "voice", "choir")
NOT_PLAYED_BY = ("ensemble", "violin", "flute", "guitar", "lute")
MUTOPIA = "The Mutopia Project (mutopiaproject.org)"

Row = dict[str, str]
"""A line of a MANIFEST.tsv, by its columns."""


def wanted(instruments: str) -> bool:
    """Tell whether a work is for keyboard or choir alone: one keyboard player should be able to think it."""
    named = instruments.lower()
    return any(name in named for name in PLAYED_BY) and not any(name in named for name in NOT_PLAYED_BY)


def manifest(folder: Path) -> list[Row]:
    """The lines of a collection's MANIFEST.tsv whose files are there and may ship, as far as it says so."""
    with (folder / "MANIFEST.tsv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    return [row for row in rows if row.get("ship", "yes") == "yes" and (folder / row["file"]).is_file()]


def mutopia_works(mutopia: Path, folder: str = "") -> list[Row]:
    """The wanted works of Mutopia's manifest, their licences' names shortened.

    Args:
        mutopia: The folder with the files and MANIFEST.tsv: file, title, instruments, period or kind, licence,
            encoder, mutopia id.
        folder: Of one composer; all by default.

    """
    return [
        {**row, "licence": row["licence"].removesuffix(" (Unported)").removesuffix(" International")}
        for row in manifest(mutopia)
        if row["file"].startswith(folder) and wanted(row["instruments"])
    ]


def write_sources(out: Path, sources: Sequence[DataSource]) -> None:
    """Write OUT.json beside OUT, as `composer-export --data` takes it."""
    out.with_name(f"{out.name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(sources), indent=2))
