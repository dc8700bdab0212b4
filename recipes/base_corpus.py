"""Gather what the bundle `base` is trained on, a folder for each style: `python recipes/base_corpus.py DATA OUT`.

DATA holds the collections in the folders that docs/training.md names. Writes OUT/STYLE/COLLECTION/FILE, and beside OUT
the sources, licences and attributions as `composer-export --data` takes them (OUT.json) and the list of all pieces
(OUT.tsv: style, file, notes, title, licence, credit).

`base_collections.py` says what goes into which style. Large styles are cut at `LARGEST` notes, performances first (the
network learns velocities from them), then in an order drawn from the names; a small style comes whole. What version
0.1 held out (`base_held_out.tsv`) is taken before all else, and OUT/split.tsv holds it out again, so that the base can
be compared with that of version 0.1 on the same pieces.
"""

import csv
import hashlib
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from lstm_composer.runtime.bundle.schema import DataSource
from lstm_composer.runtime.music.notes import end_of
from lstm_composer.trainer.corpus.cache import default_cache_dir
from lstm_composer.trainer.corpus.readers import File, read_files
from lstm_composer.trainer.dataset.split import near_duplicates
from lstm_composer.trainer.pieces.piece import Piece
from lstm_composer.trainer.reports.corpus_report import polyphony_of
from recipes.base_collections import Candidate, candidates
from recipes.manifests import write_sources

LARGEST = 90_000
"""Notes of a style: beyond that, an epoch takes longer and the small styles are heard less."""
LIMITS = dict.fromkeys(("mazurkas", "polonaises", "quartets", "waltzes"), 50_000)
"""Of styles with much music of one kind, so that all styles together stay below 1.9 million notes."""
FEWEST = 16
"""Notes of a piece that the trainer takes."""
ONE_LINE = 0.05
"""A piece of which fewer notes than this share sound together with another is one line."""
MOST_AT_ONCE = 7.0
"""Notes that sound at once in a score, on average: in those with more, a pedal is written down and never lifted."""
LULLING = 7.0
"""Notes a quarter of a lullaby, at most."""
HELD_OUT = Path(__file__).with_name("base_held_out.tsv")
"""The validation and test parts of version 0.1's `base`: file (by the style that it has today) and part."""

Pieces = dict[Candidate, tuple[Piece, ...]]


def held_out() -> dict[str, str]:
    """The part, "validation" or "test", of what version 0.1 held out, by name."""
    with HELD_OUT.open(encoding="utf-8", newline="") as lines:
        return {row["file"]: row["part"] for row in csv.DictReader(lines, delimiter="\t")}


def without_copies(found: Iterable[Candidate], held: Iterable[str]) -> list[Candidate]:
    """Each music once, as bytes; what is held out keeps its style, and stays where its copy goes."""
    style_of = {name.partition("/")[2]: name.partition("/")[0] for name in held}
    placed = [candidate._replace(style=style_of.get(candidate.key, candidate.style)) for candidate in found]
    copies: dict[bytes, list[Candidate]] = defaultdict(list)
    for candidate in placed:
        copies[hashlib.sha256(candidate.path.read_bytes()).digest()].append(candidate)
    kept = []
    for alike in copies.values():
        first = next((candidate for candidate in alike if candidate.key in style_of), alike[0])
        kept.append(first._replace(work=next((candidate.work for candidate in alike if candidate.work), "")))
    return kept


def read(found: Sequence[Candidate], held: Iterable[str] = ()) -> Pieces:
    """Read all files with the trainer's readers, and leave out those with nothing to learn from."""
    files = [File(candidate.name, candidate.path) for candidate in found]
    readings = read_files(files, default_cache_dir())
    pieces = {
        candidate: tuple(piece for piece in reading.pieces if len(piece.notes) >= FEWEST)
        for candidate, reading in zip(found, readings, strict=True)
    }
    works = Counter(map(_work, pieces))
    return {
        candidate: kept
        for candidate, kept in pieces.items()
        if kept
        and (candidate.name in held or _is_good(candidate, kept))
        and not (works[_work(candidate)] > 1 and all(map(_is_one_line, kept)))
    }


def _work(candidate: Candidate) -> str:
    """The work that a file of Mutopia belongs to; a file from elsewhere is one work."""
    in_parts = candidate.collection == "mutopia"
    return f"mutopia/{candidate.path.name.split('-')[0]}" if in_parts else candidate.key


def _is_one_line(piece: Piece) -> bool:
    """As one player's part of a work is."""
    together = sum(
        following.onset < note.onset + note.duration
        for note, following in zip(piece.notes, piece.notes[1:], strict=False)
    )
    return together < ONE_LINE * len(piece.notes)


def _is_good(candidate: Candidate, pieces: Sequence[Piece]) -> bool:
    """Whether it sounds as its score means it, and a lullaby lulls."""
    if candidate.style == "lullabies" and any(density(piece) > LULLING for piece in pieces):
        return False
    return candidate.performed or all(at_once(piece) <= MOST_AT_ONCE for piece in pieces)


def density(piece: Piece) -> float:
    """Notes a quarter."""
    return 24 * len(piece.notes) / end_of(piece.notes)


def at_once(piece: Piece) -> float:
    """How many notes sound at once, on average over the time in which any does."""
    held = polyphony_of(piece.notes)
    sounding = sum(ticks for count, ticks in held.items() if count)
    return sum(count * ticks for count, ticks in held.items()) / sounding


def chosen(pieces: Pieces, held: Iterable[str] = ()) -> list[Candidate]:
    """Cut each style at `LARGEST` notes; the same files give the same choice."""

    def rank(candidate: Candidate) -> tuple[bool, bool, bytes]:
        drawn = hashlib.sha256(candidate.name.encode()).digest()
        return candidate.name not in held, not candidate.performed, drawn

    left = {candidate.style: LIMITS.get(candidate.style, LARGEST) for candidate in pieces}
    kept = []
    for candidate in sorted(pieces, key=rank):
        notes = notes_in(pieces[candidate])
        if notes <= left[candidate.style]:
            left[candidate.style] -= notes
            kept.append(candidate)
    return sorted(kept, key=lambda candidate: candidate.name)


def notes_in(pieces: Iterable[Piece]) -> int:
    """Notes of some pieces together."""
    return sum(len(piece.notes) for piece in pieces)


def sources_of(kept: Sequence[Candidate], pieces: Pieces) -> list[DataSource]:
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


def write_list(path: Path, kept: Sequence[Candidate], pieces: Pieces) -> None:
    """Write all pieces as a table."""
    with path.open("w", encoding="utf-8", newline="") as table:
        rows = csv.writer(table, delimiter="\t", lineterminator="\n")
        rows.writerow(["style", "file", "notes", "title", "licence", "credit"])
        for candidate in kept:
            notes = notes_in(pieces[candidate])
            rows.writerow(
                [candidate.style, candidate.name, notes, candidate.title, candidate.licence, candidate.credit]
            )


def split_of(kept: Sequence[Candidate], pieces: Pieces, held: Mapping[str, str]) -> dict[str, str]:
    """The part of what version 0.1 held out, and of works that several files hold: all of them in one part.

    A work goes where version 0.1 has it or something that is nearly the same, else where the draw puts it.
    """
    works: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in kept:
        if candidate.work:
            works[candidate.work].append(candidate)
    several = {work: files for work, files in works.items() if len(files) > 1}
    parts = {candidate.name: held[candidate.name] for candidate in kept if candidate.name in held}
    told = [candidate for candidate in kept if candidate.name in parts or candidate.work in several]
    near = _near(told, pieces, parts)
    for work, files in several.items():
        said = {near[file.name] for file in files} - {""}
        drawn = hashlib.sha256(work.encode()).digest()[0] * 10 // 256
        part = min(said, default={0: "validation", 1: "test"}.get(drawn, "train"))
        parts |= {file.name: parts.get(file.name, part) for file in files}
    return dict(sorted(parts.items()))


def _near(files: Sequence[Candidate], pieces: Pieces, parts: Mapping[str, str]) -> dict[str, str]:
    """By file the part of a near-duplicate of it, "" if none has one."""
    file_of = {id(piece): file.name for file in files for piece in pieces[file]}
    found = dict.fromkeys((file.name for file in files), "")
    for group in near_duplicates([piece for file in files for piece in pieces[file]]):
        names = {file_of[id(piece)] for piece in group}
        part = min((parts[name] for name in names if name in parts), default="")
        found |= {name: found[name] or part for name in names}
    return found


def write_split(path: Path, parts: Mapping[str, str]) -> None:
    """Write the part of each file of which it is said, as the trainer takes it."""
    with path.open("w", encoding="utf-8", newline="") as table:
        rows = csv.writer(table, delimiter="\t", lineterminator="\n")
        rows.writerow(["file", "part"])
        rows.writerows(parts.items())


def main() -> None:
    """Gather all files, and write what the card must name, the list of pieces and what is held out."""
    data, out = map(Path, sys.argv[1:3])
    held = held_out()
    pieces = read(without_copies(candidates(data), held), held)
    kept = chosen(pieces, held)
    for candidate in kept:
        target = out / candidate.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(candidate.path, target)
    write_sources(out, sources_of(kept, pieces))
    write_list(out.with_name(f"{out.name}.tsv"), kept, pieces)
    write_split(out / "split.tsv", split_of(kept, pieces, held))


if __name__ == "__main__":
    main()
