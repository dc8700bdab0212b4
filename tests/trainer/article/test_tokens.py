"""Tokens as music21 and the article's rules give them, worked out by hand on files made here."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mido
import pytest
from music21 import converter, instrument
from music21.note import Note as Music21Note
from music21.pitch import Pitch

from lstm_composer.runtime.errors import CorpusError
from lstm_composer.runtime.music.token_encoding import pitches_of
from lstm_composer.trainer.article.tokens import TokenPiece, read_file, read_tokens
from lstm_composer.trainer.corpus.readers import File
from lstm_composer.trainer.pieces.piece import SkippedFile

VIOLIN, PIANO = 40, 0
Sound = tuple[int, int, int]
"""Onset and length in ticks of 24 to the quarter, and MIDI note number."""


def write_midi(path: Path, *parts: tuple[int, Sequence[Sound]]) -> File:
    """One track for each (program, sounds)."""
    tracks = []
    for channel, (program, sounds) in enumerate(parts):
        changes = [(on, 1, pitch) for on, _, pitch in sounds] + [
            (on + length, 0, pitch) for on, length, pitch in sounds
        ]
        track, now = mido.MidiTrack([mido.Message("program_change", program=program, channel=channel)]), 0
        for tick, starts, pitch in sorted(changes):
            kind = "note_on" if starts else "note_off"
            track.append(mido.Message(kind, note=pitch, velocity=64, channel=channel, time=tick - now))
            now = tick
        tracks.append(track)
    mido.MidiFile(tracks=tracks, ticks_per_beat=24).save(path)
    return File(path.name, path)


def tokens_of_file(file: File) -> tuple[str, ...]:
    reading = read_file(file)
    assert not reading.refused
    (piece,) = reading.pieces
    assert piece.name == file.name
    return piece.tokens


def test_two_instruments(tmp_path: Path) -> None:
    """The first part alone, black keys as music21 spells them (E-5, not D#5); nothing of the piano's."""
    violin = [(0, 24, 72), (24, 24, 74), (48, 24, 75), (72, 24, 78)]
    piano = [(0, 96, 48), (96, 24, 50)]
    assert tokens_of_file(write_midi(tmp_path / "duo.mid", (VIOLIN, violin), (PIANO, piano))) == (
        "C5",
        "D5",
        "E-5",
        "F#5",
    )


def test_chords_and_rests(tmp_path: Path) -> None:
    """Chords by normal order, whatever their octaves and however they lie; rests leave nothing."""
    sounds = [
        *[(0, 24, pitch) for pitch in (60, 64, 67)],  # C E G: 0.4.7
        (48, 24, 70),  # after a rest: B flat
        *[(96, 24, pitch) for pitch in (61, 73)],  # an octave is one pitch class: 1
        *[(120, 24, pitch) for pitch in (62, 71, 77)],  # D B F, closest together as B D F: 11.2.5
        *[(144, 24, pitch) for pitch in (55, 72, 76)],  # G C E: a chord and its inversion are one token
        (180, 24, 60),  # across the bar line at 192: music21 ties two notes
    ]
    expected = ("0.4.7", "B-4", "1", "11.2.5", "0.4.7", "C4", "C4")
    assert tokens_of_file(write_midi(tmp_path / "chords.mid", (PIANO, sounds))) == expected


def test_a_first_part_without_notes_is_passed_over(tmp_path: Path) -> None:
    """A track's name that is an instrument's, followed by a program: music21 makes a part of the name alone."""
    file = write_midi(tmp_path / "named.mid", (PIANO, [(0, 24, 60), (24, 24, 64)]), (VIOLIN, [(0, 24, 72)]))
    midi = mido.MidiFile(file.path)
    midi.tracks[0].insert(0, mido.MetaMessage("track_name", name="Piano right"))
    midi.save(file.path)
    partition: Any = instrument.partitionByInstrument(converter.parse(file.path, forceSource=True))
    assert [len(part.recurse().notes) for part in partition.parts] == [0, 2, 1]
    assert tokens_of_file(file) == ("C4", "E4")


MUSICXML = """<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="4.0">
  <part-list>
    <score-part id="P1"><part-name>Flute</part-name>
      <score-instrument id="I1"><instrument-name>Flute</instrument-name></score-instrument></score-part>
    <score-part id="P2"><part-name>Cello</part-name>
      <score-instrument id="I2"><instrument-name>Cello</instrument-name></score-instrument></score-part>
  </part-list>
  <part id="P1"><measure number="1">
    <attributes><divisions>2</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>
    <note><pitch><step>D</step><alter>1</alter><octave>5</octave></pitch><duration>2</duration></note>
    <note><rest/><duration>1</duration></note>
    <note><pitch><step>B</step><alter>-2</alter><octave>4</octave></pitch><duration>1</duration></note>
    <note><pitch><step>F</step><alter>2</alter><octave>4</octave></pitch><duration>2</duration></note>
    <note><pitch><step>A</step><octave>4</octave></pitch><duration>2</duration></note>
    <note><chord/><pitch><step>C</step><octave>5</octave></pitch><duration>2</duration></note>
    <note><chord/><pitch><step>E</step><octave>5</octave></pitch><duration>2</duration></note>
  </measure></part>
  <part id="P2"><measure number="1">
    <attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>
    <note><pitch><step>C</step><octave>2</octave></pitch><duration>4</duration></note>
  </measure></part>
</score-partwise>
"""


def test_a_score_keeps_its_spelling(tmp_path: Path) -> None:
    """D sharp stays D#5, flats are minus signs; A C E is 9.0.4, from the lowest of its closest order."""
    path = tmp_path / "score.musicxml"
    path.write_text(MUSICXML)
    assert tokens_of_file(File("score.musicxml", path)) == ("D#5", "B--4", "F##4", "9.0.4")


def test_each_tune_of_a_file_is_a_piece(tmp_path: Path) -> None:
    path = tmp_path / "tunes.abc"
    path.write_text("X:1\nT:One\nM:4/4\nL:1/4\nK:C\nCDEF|\n\nX:2\nT:Two\nM:4/4\nL:1/4\nK:C\nGAGA|\n")
    assert read_file(File("tunes.abc", path)).pieces == (
        TokenPiece("tunes.abc#1", ("C4", "D4", "E4", "F4")),
        TokenPiece("tunes.abc#2", ("G4", "A4", "G4", "A4")),
    )


ABC = """X:1
M:4/4
L:1/4
K:Eb
V:1
z4|E^D[CEG]=B-|B4|
V:2
C,4|C,4|C,4|

X:2
M:4/4
L:1/4
K:C transpose=3
C4|
"""


def test_abc_keeps_its_spelling_unless_it_is_transposed(tmp_path: Path) -> None:
    path = tmp_path / "tunes.abc"
    path.write_text(ABC)
    assert read_file(File("tunes.abc", path)).pieces == (
        TokenPiece("tunes.abc#1", ("E-4", "D#4", "0.3.7", "B4")),
        TokenPiece("tunes.abc#2", ("E-4",)),
    )


def test_a_tune_that_is_not_understood_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tunes.abc"
    path.write_text("X:1\nK:C\nC|\n\nX:2\nK:C\n^/2C|\n")
    [refusal] = read_file(File("tunes.abc", path)).refused
    assert refusal.name == "tunes.abc#2"
    assert refusal.reason.startswith("uses microtones")


@pytest.fixture
def files(tmp_path: Path) -> list[File]:
    """Two that can be read, and three that cannot."""
    scale = [(24 * step, 24, 60 + step) for step in range(4)]
    good = [write_midi(tmp_path / name, (PIANO, scale)) for name in ("b.mid", "a.mid")]
    (tmp_path / "empty.mid").write_bytes(b"")
    (tmp_path / "text.mid").write_text("Dear diary, today I wrote no music.")
    silent = write_midi(tmp_path / "silent.mid", (PIANO, []))
    return [*good, File("empty.mid", tmp_path / "empty.mid"), File("text.mid", tmp_path / "text.mid"), silent]


@pytest.mark.parametrize("workers", [0, 1])
def test_what_cannot_be_read_is_named(files: list[File], workers: int) -> None:
    told: list[tuple[int, int, str]] = []
    corpus = read_tokens(files, "folder", on_progress=lambda *now: told.append(now), workers=workers)
    scale = ("C4", "C#4", "D4", "E-4")
    assert corpus.pieces == (TokenPiece("a.mid", scale), TokenPiece("b.mid", scale))
    assert [refusal.name for refusal in corpus.refused] == ["empty.mid", "silent.mid", "text.mid"]
    assert corpus.refused[0] == SkippedFile("empty.mid", "is empty (0 bytes)")
    assert corpus.refused[1] == SkippedFile("silent.mid", "has no notes")
    assert corpus.refused[2].reason.startswith("cannot be read by music21 (")
    assert told == [(done, 5, file.name) for done, file in enumerate(files, start=1)]


def test_a_corpus_that_cannot_be_read_is_one_line(files: list[File]) -> None:
    with pytest.raises(
        CorpusError, match=r"^nothing in folder can be used: empty.mid is empty .*; text.mid cannot [^\n]*$"
    ):
        read_tokens(files[2:4], "folder", workers=0)


def test_the_runtime_reads_names_as_music21_does() -> None:
    names = {str(Pitch(midi=number)) for number in range(12, 128)}
    spellings = {
        f"{letter}{sign}{octave}" for letter in "CDEFGAB" for sign in ("", "#", "##", "-", "--") for octave in range(10)
    }
    quarter_tones = {f"{letter}{sign}4" for letter in "CDEFGAB" for sign in "~`"}
    for name in names | spellings | quarter_tones | {"C-1", "E--1"}:
        assert pitches_of(name) == (Pitch(name).midi,), name
    for number in range(12):
        assert pitches_of(str(number)) == (Music21Note(number).pitch.midi,)
