"""Gather what the bundle `base` was trained on, a folder for each style: `python models/base_corpus.py DATA OUT`.

DATA holds the collections in the folders that docs/training.md names. Writes OUT/STYLE/COLLECTION/FILE, and beside OUT
the sources, licences and attributions as `composer-export --data` takes them (OUT.json) and the list of all pieces
(OUT.tsv: style, file, notes, title, licence, credit).

A style is one composer's music for keyboard, from all collections together, or one kind of music: songs are styles of
their own, since a voice with piano is another kind than piano. Large styles are cut at `LARGEST` notes, performances
first (the network learns velocities from them), then in an order drawn from the names; a small style comes whole.
"""

import csv
import hashlib
import re
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from gathering import Row, mutopia_works, write_sources

from runtime.bundle import DataSource
from trainer.corpus_cache import default_cache_dir
from trainer.piece import Piece
from trainer.read_files import File, read_files

LARGEST = 90_000
"""Notes of a style: beyond that, an epoch takes longer and the small styles are heard less."""
FEWEST = 16
"""Notes of a piece that the trainer takes."""
ONE_LINE = 0.05
"""A piece of which fewer notes than this share sound together with another is one line."""

MUTOPIA = "The Mutopia Project (mutopiaproject.org)"
PIANO_MIDI_DE = "piano-midi.de"
FIRST_EDITIONS = "First Editions of Fryderyk Chopin's Music (chopinscores.org)"
CREDIT_FIRST_EDITIONS = (
    "Copyright 2017-2021 The Fryderyk Chopin Institute (nifc.pl), chopinscores.org, digital scores: "
    "github.com/pl-wnifc/humdrum-chopin-first-editions"
)
ENSEMBLES = frozenset({"002", "003", "008", "011", "013", "014", "021", "022", "065", "GDC"})
"""Works of Chopin with other instruments."""
PERFORMED_BY_KRUEGER = frozenset({"007", "010", "018", "023", "025", "027", "028", "031", "033", "035", "053", "066"})
"""Works of Chopin that piano-midi.de holds pieces of: the first editions teach more where they bring others."""
LULLABY = re.compile(
    r"lullab|\bwiegen|berceuse|cradle|slumber|schlummer|schlaf|(?<!drowsy )sleep|coventry carol", re.IGNORECASE
)
"""Not secretive love (verschwiegene Liebe), nor the shepherds who are to shake off their drowsy sleep."""
PIANISTS = [
    "Albeniz",
    "Bach",
    "Balakirev",
    "Beethoven",
    "Brahms",
    "Burgmueller",
    "Chopin",
    "Christmas",
    "Clementi",
    "Debussy",
    "Grieg",
    "Haydn",
    "Liszt",
    "Mendelssohn",
    "Mozart",
    "Mussorgsky",
    "Rachmaninoff",
    "Schubert",
    "Schumann",
    "Tchaikovsky",
]
"""Folders of piano-midi.de, which name the styles; the others hold too little for one."""
COMPOSERS = {
    "BachJS": "bach",
    "BeethovenLv": "beethoven",
    "BrahmsJ": "brahms",
    "BurgmullerJFF": "burgmueller",
    "ClementiM": "clementi",
    "DebussyC": "debussy",
    "DiabelliA": "diabelli",
    "GriegE": "grieg",
    "HaydnFJ": "haydn",
    "HunterC": "ragtime",
    "JoplinS": "ragtime",
    "LisztF": "liszt",
    "Mendelssohn-BartholdyF": "mendelssohn",
    "MozartWA": "mozart",
    "RachmaninoffS": "rachmaninoff",
    "SatieE": "satie",
    "ScarlattiD": "scarlatti",
    "SchubertF": "schubert",
    "SchumannR": "schumann",
    "SousaJP": "marches",
    "TchaikovskyPI": "tchaikovsky",
    "TurpinT": "ragtime",
}
"""Folders of Mutopia for keyboard and their styles."""
FOLK = frozenset({"Traditional", "FosterSC"})
FRENCH = frozenset({"Chaminade", "Debussy", "Fauré", "Holmès", "Satie", "FaureG", "DebussyC", "SatieE"})
"""Whose songs are mélodies; those of the others are lieder."""


class Candidate(NamedTuple):
    """A file that may go into a style."""

    style: str
    collection: str
    path: Path
    title: str
    source: str
    licence: str
    credit: str
    performed: bool = False

    @property
    def name(self) -> str:
        """Where it goes, below OUT."""
        return f"{self.style}/{self.collection}/{self.path.name}"


def candidates(data: Path) -> Iterator[Candidate]:
    """All files that fit a style and may ship; what is a lullaby by its title is one, whoever wrote it."""
    for collection in (_piano_midi_de, _mutopia, _first_editions, _lieder, _plain_collections):
        for found in collection(data):
            lullaby = LULLABY.search(found.title) and found.style not in {"bach", "fiddle"}
            yield found._replace(style="lullabies") if lullaby else found


def _piano_midi_de(data: Path) -> Iterator[Candidate]:
    for folder in PIANISTS:
        for path in _music(data / "piano-midi-de" / folder):
            credit, licence = "Bernd Krueger, source: piano-midi.de", "CC BY-SA 3.0 Germany"
            title = path.stem.replace("_", " ")
            yield Candidate(
                folder.lower(), "piano-midi.de", path, title, PIANO_MIDI_DE, licence, credit, performed=True
            )


def _mutopia(data: Path) -> Iterator[Candidate]:
    for row in mutopia_works(data / "mutopia"):
        style = _style_in_mutopia(row)
        if style:
            path = data / "mutopia" / row["file"]
            yield Candidate(style, "mutopia", path, row["title"], MUTOPIA, row["licence"], row["encoder"])


def _style_in_mutopia(row: Row) -> str | None:
    folder, played_by = row["file"].split("/")[0], row["instruments"].lower()
    if folder in FOLK:
        return "folk"
    if "hymn" in row["period or kind"].lower():
        return "hymns"
    if folder != "BachJS" and any(other in played_by for other in ("clarinet", "cello", "trumpet", "mandolin")):
        return None
    if folder != "BachJS" and ("voice" in played_by or "choir" in played_by):
        with_piano = "piano" in played_by
        return ("melodies" if folder in FRENCH else "lieder") if with_piano else None
    return COMPOSERS.get(folder)


def _first_editions(data: Path) -> Iterator[Candidate]:
    folder = data / "chopin-first-editions"
    with (folder / "MANIFEST.tsv").open(encoding="utf-8", newline="") as manifest:
        titles = {row["file"]: f"{row['opus']} {row['title']}" for row in csv.DictReader(manifest, delimiter="\t")}
    for path in _music(folder):
        if path.name[:3] not in ENSEMBLES | PERFORMED_BY_KRUEGER:
            title = titles.get(path.name, path.stem)
            yield Candidate("chopin", "first-editions", path, title, FIRST_EDITIONS, "CC BY 4.0", CREDIT_FIRST_EDITIONS)


def _lieder(data: Path) -> Iterator[Candidate]:
    for path in sorted((data / "openscore-lieder").rglob("*.mid")):
        composer, cycle, song = path.relative_to(data / "openscore-lieder").parts[:3]
        style = "melodies" if composer.split(",")[0] in FRENCH else "lieder"
        title = f"{composer.split(',')[0]}: {cycle.strip('_')} {song}".replace("_", " ")
        yield Candidate(style, "openscore", path, title, "OpenScore Lieder Corpus", "CC0", "OpenScore contributors")


def _plain_collections(data: Path) -> Iterator[Candidate]:
    public = "Public Domain"
    breathnach = "the collection of Breandan Breathnach, encoded by the Polifonia project"
    for folder, style, source, licence, credit in (
        ("snortum/scarlatti", "scarlatti", "Scarlatti sonatas, engraved", "CC BY-SA 4.0", "Knute Snortum"),
        ("open-hymnal", "hymns", "Open Hymnal", public, "Open Hymnal Project"),
        ("christmas-carols", "christmas", "Christmas carols in parts", public, "its encoder, into the public domain"),
        ("irish-folk", "fiddle", "Irish folk tunes", "CC BY 4.0", breathnach),
    ):
        for path in _music(data / folder):
            yield Candidate(style, folder.split("/")[0], path, path.stem, source, licence, credit)


def _music(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix == ".mid")


def read(found: Sequence[Candidate]) -> dict[Candidate, tuple[Piece, ...]]:
    """Read all files with the trainer's readers, and leave out those with nothing to learn from."""
    files = [File(candidate.name, candidate.path) for candidate in found]
    readings = read_files(files, default_cache_dir())
    pieces = {
        candidate: tuple(piece for piece in reading.pieces if len(piece.notes) >= FEWEST)
        for candidate, reading in zip(found, readings, strict=True)
    }
    return {candidate: kept for candidate, kept in pieces.items() if kept and not _is_part(candidate, kept, pieces)}


def _is_part(candidate: Candidate, pieces: Sequence[Piece], others: Iterable[Candidate]) -> bool:
    """Whether a file of Mutopia is one player's part of a work whose other parts are beside it."""
    work = candidate.path.name.split("-")[0]
    beside = [other for other in others if other.collection == "mutopia" and other.path.name.split("-")[0] == work]
    return candidate.collection == "mutopia" and len(beside) > 1 and all(map(_is_one_line, pieces))


def _is_one_line(piece: Piece) -> bool:
    together = sum(
        following.onset < note.onset + note.duration
        for note, following in zip(piece.notes, piece.notes[1:], strict=False)
    )
    return together < ONE_LINE * len(piece.notes)


def chosen(pieces: dict[Candidate, tuple[Piece, ...]]) -> list[Candidate]:
    """Cut each style at `LARGEST` notes; the same files give the same choice."""
    left: dict[str, int] = defaultdict(lambda: LARGEST)
    kept = []
    for candidate in sorted(pieces, key=_rank):
        notes = notes_in(pieces[candidate])
        if notes <= left[candidate.style]:
            left[candidate.style] -= notes
            kept.append(candidate)
    return sorted(kept, key=lambda candidate: candidate.name)


def _rank(candidate: Candidate) -> tuple[bool, bytes]:
    return not candidate.performed, hashlib.sha256(candidate.name.encode()).digest()


def notes_in(pieces: Iterable[Piece]) -> int:
    """Notes of some pieces together."""
    return sum(len(piece.notes) for piece in pieces)


def sources_of(kept: Sequence[Candidate], pieces: dict[Candidate, tuple[Piece, ...]]) -> list[DataSource]:
    """What the card must name: each collection under each of its licences, with everyone to thank."""
    groups: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for candidate in kept:
        groups[candidate.source, candidate.licence].append(candidate)
    return [
        DataSource(
            source=source,
            licence=licence,
            attribution=", ".join(sorted({candidate.credit for candidate in group if candidate.credit})),
            pieces=sum(len(pieces[candidate]) for candidate in group),
            notes=sum(notes_in(pieces[candidate]) for candidate in group),
            styles=tuple(sorted({candidate.style for candidate in group})),
        )
        for (source, licence), group in sorted(groups.items())
    ]


def write_list(path: Path, kept: Sequence[Candidate], pieces: dict[Candidate, tuple[Piece, ...]]) -> None:
    """Write all pieces as a table."""
    with path.open("w", encoding="utf-8", newline="") as table:
        rows = csv.writer(table, delimiter="\t", lineterminator="\n")
        rows.writerow(["style", "file", "notes", "title", "licence", "credit"])
        for candidate in kept:
            notes = notes_in(pieces[candidate])
            rows.writerow(
                [candidate.style, candidate.name, notes, candidate.title, candidate.licence, candidate.credit]
            )


def main() -> None:
    """Gather all files, and write what the card must name and the list of pieces."""
    data, out = map(Path, sys.argv[1:3])
    pieces = read(list(candidates(data)))
    kept = chosen(pieces)
    for candidate in kept:
        target = out / candidate.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(candidate.path, target)
    write_sources(out, sources_of(kept, pieces))
    write_list(out.with_name(f"{out.name}.tsv"), kept, pieces)


if __name__ == "__main__":
    main()
