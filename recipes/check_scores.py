"""Write sixteen bars of every style as scores, and have programs of others read them.

    python recipes/check_scores.py [--bars 16] [--seed 1] [--keep FOLDER] [--picture docs/score.png] [STYLE...]

For each style and notation: music21 reads back the same onsets and pitches, and in the notation `played` the same
lengths; verovio engraves it without a warning, and each note head is found in the picture by its id. Prints how many of
how many; the exit code is 1 if one is missing. Needs the extras train and score.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from lstm_composer.runtime.bundle.library import list_bundles, styles
from lstm_composer.runtime.errors import ComposerError
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Note
from lstm_composer.runtime.score import NOTATIONS, Notation
from lstm_composer.runtime.score.engraving import svg_of
from lstm_composer.runtime.score.musicxml import musicxml
from lstm_composer.runtime.score.written import Score
from lstm_composer.runtime.session.loading import LoadedComposer, load_composer
from lstm_composer.runtime.session.settings import MusicSettings
from lstm_composer.runtime.session.write import make_notes, to_score

PICTURED: Final = "ragtime"
_NEAR: Final = 1e-6

Heard = list[tuple[float, int, float]]
"""Onset in ticks, pitch and length in ticks of each note, sorted."""


def read_by_music21(data: bytes) -> Heard:
    """Return the notes that music21 finds in a file, those that are tied put together."""
    music21 = import_module("music21")
    score = music21.converter.parseData(data.decode(), format="musicxml")
    notes: Heard = []
    for part in score.parts:
        heads = sorted(_heads(part, music21))
        ending: dict[tuple[int, float], int] = {}
        for onset, end, pitch, is_tied in heads:
            index = ending.pop((pitch, round(onset, 3)), None) if is_tied else None
            if index is None:
                index = len(notes)
                notes.append((onset, pitch, end - onset))
            else:
                notes[index] = (notes[index][0], pitch, end - notes[index][0])
            ending[pitch, round(end, 3)] = index
    return sorted(notes)


def _heads(part: Any, music21: Any) -> Iterator[tuple[float, float, int, bool]]:
    for element in part.flatten().notes:
        onset = float(element.offset * TICKS_PER_QUARTER)
        end = float((element.offset + element.quarterLength) * TICKS_PER_QUARTER)
        for head in element.notes if isinstance(element, music21.chord.Chord) else (element,):
            yield onset, end, head.pitch.midi, head.tie is not None and head.tie.type != "start"


def is_same(found: Heard, notes: Sequence[Note], notation: Notation) -> bool:
    """Tell whether what was read back is what was written: in the notation `readable` but for the lengths."""
    wanted = sorted((note.onset, note.pitch, note.duration) for note in notes)
    kept = 3 if notation == "played" else 2
    return len(found) == len(wanted) and all(
        abs(one - other) < _NEAR
        for got, want in zip(found, wanted, strict=True)
        for one, other in zip(got[:kept], want[:kept], strict=True)
    )


@contextmanager
def verovio_warnings() -> Iterator[list[str]]:
    """Collect what verovio says on standard error, which it writes to without Python."""
    verovio = import_module("verovio")
    said: list[str] = []
    with tempfile.TemporaryFile() as file, patch.object(verovio, "LOG_ERROR", verovio.LOG_WARNING):
        before = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield said
        finally:
            os.dup2(before, 2)
            os.close(before)
            file.seek(0)
            said += file.read().decode(errors="replace").splitlines()


def faults_of(score: Score, notes: Sequence[Note], notation: Notation) -> Iterator[str]:
    """Yield in a few words what is wrong with a score."""
    if not is_same(read_by_music21(musicxml(score)), notes, notation):
        yield "music21 reads other notes"
    with verovio_warnings() as said:
        svg = svg_of(score)
    if said:
        yield f"verovio says {said[0]}"
    if any(f'id="{head}"' not in svg for head in score.sounding):
        yield "the picture lacks a note"


def draw(score: Score, path: Path) -> None:
    """Write a picture of a score as PNG."""
    svg = svg_of(score)
    import_module("cairosvg").svg2png(bytestring=svg.encode(), write_to=str(path), background_color="white")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Have programs of others read the scores of every style.")
    parser.add_argument("styles", nargs="*", help="only these")
    parser.add_argument("--bars", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for STYLE.musicxml and STYLE.svg, as musicians write them")
    parser.add_argument("--picture", type=Path, help=f"PNG of the score of {PICTURED}")
    return parser.parse_args()


def _check(name: str, loaded: LoadedComposer, settings: MusicSettings, asked: argparse.Namespace) -> list[str]:
    """Check the scores of a style, and keep what is asked for; return what is wrong."""
    notes = make_notes(loaded, None)
    scores = {notation: to_score(loaded, notes, settings, notation) for notation in NOTATIONS}
    if asked.keep is not None:
        asked.keep.mkdir(parents=True, exist_ok=True)
        (asked.keep / f"{name}.musicxml").write_bytes(musicxml(scores["readable"]))
        (asked.keep / f"{name}.svg").write_text(svg_of(scores["readable"]), encoding="utf-8")
    if asked.picture is not None and name == PICTURED:
        draw(scores["readable"], asked.picture)
    return [
        f"{name}, {notation}: {fault}"
        for notation, score in scores.items()
        for fault in faults_of(score, notes, notation)
    ]


def main() -> int:
    """Check the scores of all styles that are found, or of those that are named."""
    asked = _arguments()
    names = asked.styles or sorted(styles(list_bundles([])))
    wrong = []
    for name in names:
        settings = MusicSettings(style=name, seed=asked.seed, bars=asked.bars)
        try:
            faults = _check(name, load_composer(settings), settings, asked)
        except ComposerError as error:
            faults = [f"{name}: {error}"]
        wrong += faults[:1]
        for fault in faults:
            print(fault)
    print(
        f"{len(names) - len(wrong)} of {len(names)} styles: read back by music21, engraved by verovio without a warning"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
