import json
from pathlib import Path

import pytest

from runtime.bars import MeterChange
from runtime.errors import InputError
from runtime.notes import Meter, Note
from trainer.read_jsb import read_jsb


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
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(InputError, match=reason):
        read_jsb(path)
