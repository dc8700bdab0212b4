"""Awkward files: each is read, or refused in words; nothing crashes, nothing hangs, and what is read can be trained on.

LSTM_COMPOSER_ROBUSTNESS may name a folder of real ones.
"""

import os
import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.corpus.corpus import SUFFIXES
from lstm_composer.trainer.corpus.readers import File, read_files
from lstm_composer.trainer.dataset.training_piece import encode_piece
from lstm_composer.trainer.formats.midi_reader import read_midi
from lstm_composer.trainer.formats.score_reader import read_score
from lstm_composer.trainer.pieces.piece import Piece, ReadResult
from lstm_composer.trainer.pieces.timing_quality import timing_quality
from tests.support.quick import examples

REAL_FILES = os.environ.get("LSTM_COMPOSER_ROBUSTNESS")
ON, OFF = b"\0\x90\x3c\x40", b"\x60\x80\x3c\x40"
FAR = b"\xff\xff\xff\x7f"
"""The longest delta time that can be written: 2^28 - 1 ticks."""
END = b"\0\xff\x2f\0"

Read = Callable[[bytes], Piece | str]


def midi(*events: bytes, kind: int = 0, division: int = 96, tracks: int = 1) -> bytes:
    """A file with one track."""
    body = b"".join(events) + END
    return header(kind, tracks, division) + b"MTrk" + struct.pack(">L", len(body)) + body


def header(kind: int, tracks: int, division: int, length: int = 6) -> bytes:
    return b"MThd" + struct.pack(">LHHH", length, kind, tracks, division)


def check(piece: Piece) -> None:
    """What a reader gives is music, and goes on to be measured and laid out for the network."""
    ticks = 0
    for note in piece.notes:
        assert 0 <= note.pitch < 128
        assert 1 <= note.velocity < 128
        assert note.duration >= 1
        assert note.onset >= ticks
        ticks = note.onset
    assert timing_quality(piece).off_tick <= 0.5
    assert 1 <= encode_piece(piece).notes <= len(piece.notes)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    path = tmp_path_factory.mktemp("awkward") / "a.mid"

    def read(data: bytes) -> Piece | str:
        """Return the piece or the reason against it; anything else that a reader raises fails the test."""
        path.write_bytes(data)
        try:
            piece = read_midi(path, "a.mid")
        except InputError as error:
            return str(error)
        check(piece)
        return piece

    return read


GOOD = midi(
    b"\0\xff\x58\4\3\2\x18\x08",
    b"\0\xff\x51\3\7\xa1\x20",
    b"\0\xff\x03\4tune",
    b"\0\xc0\5",
    b"\0\xb0\x40\x7f",
    *[bytes((0, 0x90, pitch, 70, 24, pitch, 0)) for pitch in range(60, 72)],
    b"\0\xb0\x40\0",
    b"\0\xf0\3\1\2\xf7",
    ON,
    OFF,
)


def test_the_file_that_the_others_are_made_of_is_good(read: Read) -> None:
    piece = read(GOOD)
    assert isinstance(piece, Piece)
    assert len(piece.notes) == 13


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_cut_off_at_every_byte(read: Read, kind: int) -> None:
    data = GOOD[:9] + bytes([kind]) + GOOD[10:]
    for length in range(len(data)):
        read(data[:length])


@settings(max_examples=examples(300), deadline=None)
@given(flips=st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_any_bytes_changed(read: Read, flips: list[tuple[int, int]]) -> None:
    data = bytearray(GOOD)
    for place, value in flips:
        data[place] = value
    read(bytes(data))


@settings(max_examples=examples(300), deadline=None)
@given(track=st.binary(max_size=200), kind=st.integers(0, 3), division=st.integers(0, 65535))
def test_any_bytes_as_a_track(read: Read, track: bytes, kind: int, division: int) -> None:
    read(header(kind, 1, division) + b"MTrk" + struct.pack(">L", len(track)) + track)


REFUSED = {
    "nothing": b"",
    "a header alone": header(0, 0, 96),
    "film frames": midi(ON, OFF, division=0xE728),
    "0 ticks a quarter": midi(ON, OFF, division=0),
    "an unknown type": midi(ON, OFF, kind=3),
    "a track of no bytes": header(1, 1, 96) + b"MTrk\0\0\0\0",
    "65535 tracks of no bytes": header(1, 65535, 96) + b"MTrk\0\0\0\0" * 65535,
    "a track longer than the file": header(0, 1, 96) + b"MTrk\xff\xff\xff\xff" + ON + OFF,
    "a sequence longer than the file": header(2, 1, 96) + b"MTrk\xff\xff\xff\xff" + ON + OFF,
    "a header longer than the file": header(2, 1, 96, 2**32 - 1) + b"MTrk\0\0\0\0",
    "a text longer than the file": midi(b"\0\xff\x01" + FAR, ON, OFF),
    "a system message longer than the file": midi(b"\0\xf0" + FAR, ON, OFF),
    "a delta time without end": midi(b"\xff" * 8, ON, OFF),
    "running status before any status": midi(b"\0\x3c\x40", ON, OFF),
    "notes that never end": midi(*[bytes((0, 0x90, pitch, 64)) for pitch in range(128)]),
    "ends without notes": midi(OFF, OFF),
    "times that overflow": midi(*[FAR + ON[1:] + b"\1\x80\x3c\0"] * 17),
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_refused_in_words(read: Read, data: bytes) -> None:
    reason = read(data)
    assert isinstance(reason, str)
    assert reason


READ = {
    "type 2": (midi(ON, OFF, kind=2), 1),
    "more tracks than there are": (midi(ON, OFF, kind=1, tracks=65535), 1),
    "1 tick a quarter": (midi(ON, OFF, division=1), 1),
    "32767 ticks a quarter": (midi(ON, OFF, division=32767), 1),
    "running status": (midi(ON, b"\x10\x3e\x40", b"\x10\x3c\0", b"\x10\x3e\0"), 2),
    "a meter over 0": (midi(b"\0\xff\x58\4\0\2\x18\x08", ON, OFF), 1),
    "a meter of 2^255": (midi(b"\0\xff\x58\4\4\xff\x18\x08", ON, OFF), 1),
    "a meter cut short": (midi(b"\0\xff\x58\1\4", ON, OFF), 1),
    "a tempo of 0": (midi(b"\0\xff\x51\3\0\0\0", ON, OFF), 1),
    "a tempo without value": (midi(b"\0\xff\x51\0", ON, OFF), 1),
    "a key of 127 sharps": (midi(b"\0\xff\x59\2\x7f\x7f", ON, OFF), 1),
    "a year of silence": (midi(ON, OFF, FAR + ON[1:], OFF, division=1), 2),
    "a note of a year": (midi(ON, FAR + OFF[1:], division=1), 1),
    "a pedal of a year": (midi(b"\0\xb0\x40\x7f", ON, OFF, FAR + b"\xb0\x40\0", division=1), 1),
    "a note of no length": (midi(ON, b"\0\x80\x3c\0"), 1),
    "ten thousand meters": (midi(*[b"\1\xff\x58\4\3\2\x18\x08\1\xff\x58\4\4\2\x18\x08"] * 10_000, ON, OFF), 1),
    "ten thousand tempos": (midi(*[b"\1\xff\x51\3\1\2\3\1\xff\x51\3\7\2\x18"] * 10_000, ON, OFF), 1),
    "no note ended twice": (midi(ON, OFF, OFF, OFF), 1),
}


@pytest.mark.parametrize(("data", "notes"), READ.values(), ids=READ.keys())
def test_read_all_the_same(read: Read, data: bytes, notes: int) -> None:
    piece = read(data)
    assert isinstance(piece, Piece)
    assert len(piece.notes) == notes


@pytest.mark.thorough
def test_a_million_notes_at_once(read: Read) -> None:
    piece = read(midi(ON, b"\0\x3c\x40" * 1_000_000, b"\x60\x3c\0", b"\0\x3c\0" * 1_000_000))
    assert isinstance(piece, Piece)
    assert len(piece.notes) == 1


TUNE = "X:1\nT:Tune\nM:3/4\nL:1/8\nQ:1/4=90\nK:G\nG2A2B2|c3def|[Gg]2z4|(3ABc d4|]\n"
SCORE = """<?xml version="1.0"?>
<score-partwise version="4.0"><part-list><score-part id="P1"><part-name>Voice</part-name></score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type>
</time></attributes><note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration></note></measure></part>
</score-partwise>"""


@pytest.mark.parametrize(
    ("suffix", "text"), [(".abc", TUNE), (".musicxml", SCORE), (".krn", "**kern\n*M4/4\n4c\n4d\n*-")]
)
def test_scores_cut_off_or_changed(tmp_path: Path, suffix: str, text: str) -> None:
    draw = random.Random(1)
    path = tmp_path / f"a{suffix}"
    data = text.encode()
    lengths = [*range(0, len(data), max(1, len(data) // 12)), len(data)]
    changed = [bytearray(data) for _ in range(25)]
    for each in changed:
        each[draw.randrange(len(each))] = draw.randrange(256)
    for awkward in [*(data[:length] for length in lengths), *map(bytes, changed)]:
        path.write_bytes(awkward)
        reading = score_or_refusal(path)
        for piece in reading.pieces:
            check(piece)


def score_or_refusal(path: Path) -> ReadResult:
    try:
        return read_score(path, path.name)
    except InputError:
        return ReadResult()


@pytest.mark.skipif(not REAL_FILES, reason="LSTM_COMPOSER_ROBUSTNESS names no folder")
@pytest.mark.timeout(600)
def test_real_files(tmp_path: Path) -> None:
    paths = sorted(path for path in Path(REAL_FILES or "").rglob("*") if path.suffix.lower() in SUFFIXES)
    readings = read_files([File(str(path), path) for path in paths], tmp_path, workers=2)
    assert len(readings) == len(paths) > 0
    for reading in readings:
        assert reading.pieces or reading.refused
        for refusal in reading.refused:
            bugs = ("cannot be read", "took too long", "ended the process")
            assert not refusal.reason.startswith(bugs), refusal
        for piece in reading.pieces:
            check(piece)
