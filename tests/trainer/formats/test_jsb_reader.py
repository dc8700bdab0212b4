import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.trainer.formats.jsb_reader import read_jsb
from lstm_composer.trainer.pieces.piece import Piece


def write(path: Path, **parts: object) -> Path:
    path.write_text(json.dumps(parts))
    return path


def test_neighbours_merge_and_silence_parts(tmp_path: Path) -> None:
    steps = [[60, -1], [60, 55], [-1, 55], [60, 57]]
    [piece] = read_jsb(write(tmp_path / "a.json", train=[steps]))
    assert piece.notes == (Note(0, 60, 12, 78), Note(6, 55, 12, 78), Note(18, 57, 6, 78), Note(18, 60, 6, 78))
    assert piece.meters == (MeterChange(0, Meter(4, 4)),)
    assert (piece.name, piece.tempo_bpm, piece.performed) == ("train/0", 80.0, False)


def test_doubled_notes_are_one_note(tmp_path: Path) -> None:
    [piece] = read_jsb(write(tmp_path / "a.json", test=[[[60, 60], [60, 59], [62, 60]]]))
    assert piece.notes == (Note(0, 60, 12, 78), Note(6, 59, 6, 78), Note(12, 60, 6, 78), Note(12, 62, 6, 78))


def test_each_piece_keeps_its_part(tmp_path: Path) -> None:
    chord = [[60, 64, 67, 72]]
    pieces = read_jsb(write(tmp_path / "a.json", test=[chord], valid=[chord, chord], train=[chord]))
    assert [(piece.name, piece.part) for piece in pieces] == [
        ("train/0", "train"),
        ("valid/0", "validation"),
        ("valid/1", "validation"),
        ("test/0", "test"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a file of chorales"),
        ("[1, 2]", "not a file of chorales"),
        ('{"train": [[["c"]]]}', "not a file of chorales"),
        ('{"songs": []}', "songs"),
        ('{"train": [[[200, -1, -1, -1]]]}', "pitch 200"),
        ('{"train": [[]]}', "no notes"),
        ('{"train": [[[-2]]]}', "pitch -2"),
        ('{"train": [[[' + ",".join(["60"] * 129) + "]]]}", "129 voices"),
        ('{"train": ' + 99 * "[" + 99 * "]" + "}", "nested too deep"),
        ('{"train": [[[1' + 5000 * "0" + "]]]}", "not a file of chorales"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(InputError, match=reason):
        read_jsb(path)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'\xef\xbb\xbf{"train":[[[60,64],[62]]],"valid":[],"test":[]}')
    [piece] = read_jsb(path)
    assert [(note.onset, note.pitch, note.duration) for note in piece.notes] == [(0, 60, 6), (0, 64, 6), (6, 62, 6)]


def test_a_pipe_a_folder_and_nothing_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(InputError, match="is a pipe, not a file"):
        read_jsb(tmp_path / "pipe.json")
    with pytest.raises(InputError, match="is a folder, not a file"):
        read_jsb(tmp_path)
    with pytest.raises(InputError, match="cannot be opened"):
        read_jsb(tmp_path / "none.json")


GOOD = b'{"train":[[[60,64],[62,-1]]],"valid":[[[48]]],"test":[]}'


@given(place=st.integers(0, len(GOOD) - 1), byte=st.binary(max_size=3), end=st.integers(0, 2 * len(GOOD)))
def test_any_bytes_are_chorales_or_refused(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: bytes, end: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.json"
    path.write_bytes((GOOD[:place] + byte + GOOD[place + 1 :])[:end])
    assert all(piece.notes for piece in pieces_of(path))


def pieces_of(path: Path) -> list[Piece]:
    try:
        return read_jsb(path)
    except InputError as error:
        return [] if "\n" not in str(error) else pytest.fail(f"several lines: {error}")
