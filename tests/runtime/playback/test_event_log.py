"""The event log: the lines that are promised to programs outside, and a disk that is full."""

import json
import sys
from pathlib import Path

import pytest

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.midi.messages import ALL_NOTES_OFF, Kind, Message, Sent
from lstm_composer.runtime.playback.event_log import EventLog, as_record

ON = Sent(Message(48, Kind.NOTE_ON, 3, 60, 80), 12.5, 12.5001)
OFF = Sent(Message(72, Kind.NOTE_OFF, 3, 60, 64), 13.0, 13.25)
PANIC = Sent(Message(73, Kind.CONTROL, 3, ALL_NOTES_OFF, 0), 13.5, 13.5)
ON_LINE = '{"kind":"note_on","note":60,"velocity":80,"channel":3,"tick":48,"due":12.5,"sent":12.5001}'


def record(kind: str, note: int, velocity: int, tick: int, due: float, sent: float) -> dict[str, object]:
    return {
        "kind": kind, "note": note, "velocity": velocity, "channel": 3, "tick": tick, "due": due, "sent": sent,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (ON, record("note_on", 60, 80, 48, 12.5, 12.5001)),
        (OFF, record("note_off", 60, 64, 72, 13.0, 13.25)),
        (PANIC, record("control_change", 123, 0, 73, 13.5, 13.5)),
    ],
)
def test_what_the_log_says_of_a_message(sent: Sent, expected: dict[str, object]) -> None:
    assert as_record(sent) == expected


def test_one_line_a_message_in_order(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path) as log:
        log.append(ON)
        assert path.read_text() == ""
        log.drain()
        assert path.read_text() == ON_LINE + "\n"
        log.append(OFF)
        log.append(PANIC)
    lines = path.read_text().splitlines()
    assert lines[0] == ON_LINE
    assert [json.loads(line) for line in lines] == [as_record(sent) for sent in (ON, OFF, PANIC)]


def test_a_new_log_replaces_the_old(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text("old\n")
    with EventLog(tmp_path / "events.jsonl"):
        pass
    assert (tmp_path / "events.jsonl").read_text() == ""


def test_a_log_that_nobody_asked_for() -> None:
    with EventLog(None) as log:
        log.append(ON)
        log.drain()


def test_a_place_that_will_not_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--events .* cannot be written .*: name another file"), EventLog(tmp_path):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_full_disk_is_said_once() -> None:
    with EventLog(Path("/dev/full")) as log:
        log.append(ON)
        with pytest.raises(MissingError, match=r"--events /dev/full cannot be written on \(No space left on device\)"):
            log.drain()
        log.append(OFF)
        log.drain()
