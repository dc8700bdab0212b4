"""Scores into files, by the ending of their names: .musicxml, and with the extra "score" .svg and .pdf."""

from pathlib import Path
from typing import Final

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.midi.reader import DEFAULT_TEMPO_BPM, read_music
from lstm_composer.runtime.music.bars import in_order
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.score import Notation
from lstm_composer.runtime.score.engraving import check_engraving, pdf_of, svg_of
from lstm_composer.runtime.score.musicxml import musicxml
from lstm_composer.runtime.score.score import score_of
from lstm_composer.runtime.score.written import Score, ScoreSettings
from lstm_composer.runtime.system.atomic_files import write_bytes_atomically

SUFFIXES: Final = (".musicxml", ".svg", ".pdf")
"""What the name of a score ends in."""
_OTHERS: Final = (".xml", ".mxl", ".png", ".mscz", ".mscx", ".ly", ".abc", ".krn", ".mei")
"""Scores that a user may ask for, and that would be MIDI files under a wrong name."""
_REAL_VELOCITIES: Final = 8
"""A file whose notes have so many different velocities was played by a hand, or marked with care."""


def is_score_file(path: Path) -> bool:
    """Tell by its name whether a file is to hold a score.

    Raises:
        InputError: If it is to hold one that is not written.

    """
    suffix = path.suffix.casefold()
    if suffix in _OTHERS:
        raise InputError(f"{path}: {suffix} files are not written; name a file that ends in {', '.join(SUFFIXES)}")
    return suffix in SUFFIXES


def check_score_file(path: Path) -> None:
    """Find out before the music is made whether a score of this kind can be written.

    Raises:
        InputError: If its name ends in none of SUFFIXES.
        MissingError: If it has to be engraved, and what engraves is not installed.

    """
    if not is_score_file(path):
        raise InputError(f"{path}: name a file that ends in {', '.join(SUFFIXES)}")
    if path.suffix.casefold() != SUFFIXES[0]:
        check_engraving(pdf=path.suffix.casefold() == ".pdf")


def usual_notation(path: Path) -> Notation:
    """Return the notation of a file where none is asked for.

    MusicXML is what programs read: it says what was played, to the tick, and is read back as that. A picture is for
    eyes.
    """
    return "played" if path.suffix.casefold() == SUFFIXES[0] else "readable"


def write_score(path: Path, score: Score) -> None:
    """Write a score; the file appears whole or not at all.

    Raises:
        MissingError: If it cannot be engraved, or not be written.

    """
    match path.suffix.casefold():
        case ".svg":
            data = svg_of(score).encode()
        case ".pdf":
            data = pdf_of(score)
        case _:
            data = musicxml(score)
    write_bytes_atomically(path, data)


def score_of_midi(source: Path, notation: Notation) -> tuple[Score, list[Note]]:
    """Read a MIDI file, and return its score, all of it as one player's, and its notes.

    Raises:
        InputError: If it cannot be read, or holds no notes.

    """
    try:
        music = read_music(source)
    except InputError as error:
        raise InputError(f"{source} {error}: name a MIDI file") from error
    if not music.notes:
        what = "drums only" if music.has_drums else "no notes"
        raise InputError(f"{source} has {what}: name a MIDI file with music in it")
    settings = ScoreSettings(
        title=source.stem,
        meters=in_order(music.meters),
        tempos=music.tempos or ((0, DEFAULT_TEMPO_BPM),),
        notation=notation,
        has_dynamics=len({note.velocity for note in music.notes}) >= _REAL_VELOCITIES,
    )
    return score_of(music.notes, settings), music.notes
