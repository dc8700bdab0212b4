import importlib
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.trainer.formats.score_reader import music21_files, read_score
from lstm_composer.trainer.pieces.piece import ReadResult

pytestmark = pytest.mark.skipif(find_spec("music21") is None, reason="music21 is not here")  # loaded by the first score

Reader = Callable[..., ReadResult]
NotesReader = Callable[..., list[tuple[int, int, int]]]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    def read(text: str, suffix: str = ".abc") -> ReadResult:
        path = tmp_path / f"a{suffix}"
        path.write_text(text)
        return read_score(path, path.name)

    return read


@pytest.fixture
def notes_of(read: Reader) -> NotesReader:
    def notes_of(text: str, suffix: str = ".abc") -> list[tuple[int, int, int]]:
        [piece] = read(text, suffix).pieces
        return [(note.onset, note.pitch, note.duration) for note in piece.notes]

    return notes_of


def abc(music: str, meter: str = "4/4", key: str = "C") -> str:
    return f"X:1\nM:{meter}\nL:1/4\nK:{key}\n{music}\n"


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        pytest.param("C D E F|", [(0, 60, 24), (24, 62, 24), (48, 64, 24), (72, 65, 24)], id="plain"),
        pytest.param("[CE]2 z2|", [(0, 60, 48), (0, 64, 48)], id="chord"),
        pytest.param("C4-|C4|", [(0, 60, 192)], id="tie over a bar line"),
        pytest.param("C4-|C4-|C4|", [(0, 60, 288)], id="tie over two"),
        pytest.param("C2 C2|", [(0, 60, 48), (48, 60, 48)], id="no tie"),
        pytest.param("{d}C4|", [(0, 60, 96)], id="grace note"),
        pytest.param('"Am"C4|', [(0, 60, 96)], id="chord symbol"),
        pytest.param("(3CDE F3|", [(0, 60, 16), (16, 62, 16), (32, 64, 16), (48, 65, 72)], id="triplet"),
        pytest.param("C4:|D4|]", [(0, 60, 96), (96, 62, 96)], id="repeats not played out"),
        pytest.param("C|D4|", [(72, 60, 24), (96, 62, 96)], id="pickup ends bar 1"),
    ],
)
def test_notes(notes_of: NotesReader, music: str, expected: list[tuple[int, int, int]]) -> None:
    assert notes_of(abc(music)) == expected


def test_defaults(read: Reader) -> None:
    [piece] = read(abc("C D E F|")).pieces
    assert piece.name == "a.abc"
    assert {note.velocity for note in piece.notes} == {78}
    assert not piece.performed


def test_tempo(read: Reader) -> None:
    [piece] = read("X:1\nM:3/4\nL:1/4\nQ:1/4=72\nK:C\nC D E|\n").pieces
    assert piece.tempo_bpm == 72.0


def test_meter_changes(read: Reader) -> None:
    [piece] = read("**kern\n*M3/4\n2.C\n=1\n*M2/4\n2D\n=2\n2E\n==\n*-\n", ".krn").pieces
    assert piece.meters == (MeterChange(0, Meter(3, 4)), MeterChange(72, Meter(2, 4)))


def test_a_bar_cut_in_two_by_a_repeat_sign_stays_one_bar(read: Reader) -> None:
    [piece] = read(abc("C|D4|E3:|F|G4|]")).pieces
    assert piece.meters == (MeterChange(0, Meter(4, 4)),)


def test_a_bar_too_short_moves_the_bar_lines(read: Reader) -> None:
    [piece] = read(abc("C4|D3|E4|F4|]")).pieces
    assert piece.meters == (MeterChange(0, Meter(4, 4)), MeterChange(168, Meter(4, 4)))


def test_many_tunes_in_a_file(read: Reader) -> None:
    reading = read(abc("C4|") + "\n" + abc("z4|").replace("X:1", "X:2") + "\n" + abc("E4|").replace("X:1", "X:3"))
    assert [(piece.name, piece.notes[0].pitch) for piece in reading.pieces] == [("a.abc#1", 60), ("a.abc#3", 64)]
    [refusal] = reading.refused
    assert (refusal.name, refusal.reason) == ("a.abc#2", "holds no notes")


def test_a_tied_chord(notes_of: NotesReader) -> None:
    assert notes_of("**kern\n*M2/4\n[2C [2E\n=1\n2C] 2E]\n==\n*-\n", ".krn") == [(0, 48, 96), (0, 52, 96)]


KERN = "**kern\t**kern\n*M3/4\t*M3/4\n4C\t4e\n=1\t=1\n2.D\t4f\n.\t2g\n==\t==\n*-\t*-\n"


def test_kern(notes_of: NotesReader) -> None:
    assert notes_of(KERN, ".krn") == [
        (48, 48, 24),
        (48, 64, 24),
        (72, 50, 72),
        (72, 65, 24),
        (96, 67, 48),
    ]


MUSICXML = """<?xml version="1.0"?>
<score-partwise version="3.1">
<part-list>
<score-part id="P1"><part-name>Clarinet</part-name></score-part>
<score-part id="P2"><part-name>Drums</part-name></score-part>
</part-list>
<part id="P1"><measure number="1">
<attributes><divisions>1</divisions><time><beats>2</beats><beat-type>4</beat-type></time>
<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose></attributes>
<note><pitch><step>D</step><octave>5</octave></pitch><duration>2</duration></note>
</measure></part>
<part id="P2"><measure number="1">
<attributes><divisions>1</divisions><clef><sign>percussion</sign></clef></attributes>
<note><unpitched><display-step>E</display-step><display-octave>4</display-octave></unpitched>
<duration>2</duration></note>
</measure></part>
</score-partwise>
"""


def test_musicxml_at_sounding_pitch_and_without_percussion(read: Reader) -> None:
    [piece] = read(MUSICXML, ".musicxml").pieces
    assert piece.notes == (Note(0, 72, 48, 78),)
    assert piece.meters == (MeterChange(0, Meter(2, 4)),)


@pytest.mark.parametrize(
    ("text", "suffix", "reason"),
    [
        ("", ".abc", "empty"),
        ("nothing\n", ".abc", "no tune"),
        (abc("z4|"), ".abc", "no notes"),
        ("", ".musicxml", "empty"),
        ("<score-partwise", ".musicxml", "is no score"),
        ("Dear diary", ".mxl", "is no score"),
    ],
)
def test_what_is_no_score_is_refused_with_a_reason(read: Reader, text: str, suffix: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read(text, suffix)


def test_the_chorales_of_music21() -> None:
    files = music21_files("bach")
    assert len(files) == len({name for name, _ in files}) == len({path for _, path in files}) == 350
    assert dict(files)["bach/bwv248.5"].stem == "bwv248.5"


def test_a_chorale() -> None:
    name, path = music21_files("bach")[-1]
    [piece] = read_score(path, name).pieces
    assert piece.name == name
    assert len(piece.notes) > 100


def test_an_unknown_corpus_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"'elgar'.*music21:bach"):
        music21_files("elgar")


def test_without_music21_the_command_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_installed(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", not_installed)
    with pytest.raises(MissingError, match=r"pip install \"lstm-composer\[train\]\""):
        music21_files("bach")


def test_music21_is_not_imported_before_the_first_score() -> None:
    code = "import sys, lstm_composer.trainer.corpus.corpus; sys.exit('music21' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
