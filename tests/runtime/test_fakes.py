"""What ships for tests of others: a session on one thread, and a port that keeps what it is sent."""

import threading
from itertools import pairwise
from pathlib import Path

import pytest

from lstm_composer.runtime.midi.messages import Kind, Message
from lstm_composer.runtime.testing import FakeClock, RecordingPort, ScriptedClock, fake_session
from lstm_composer.runtime.transport.fake_clock import STEP_SECONDS


def test_a_script_is_heard(tiny_models: Path) -> None:
    played = fake_session(
        tiny_models / "tiny.onnx.json", [(96, "velocity 33"), (96, "velocity-range 0"), (192, bytes([0xB0, 80, 127]))]
    )
    notes = played.play(until=384)
    assert {note.velocity for note in notes if note.onset >= 112} == {33}
    assert {note.velocity for note in notes if note.onset < 96} != {33}
    assert 160 < max(note.onset for note in notes) < 208  # CC 80 mutes
    assert played.port.sounding() == set()
    assert [one.message for one in played.sent] == played.port.messages


def test_a_port_that_is_away_costs_notes_and_leaves_none_hanging(tiny_models: Path) -> None:
    played = fake_session(tiny_models / "tiny.onnx.json", away_between=[(2.0, 3.0)], lead_seconds=0.1)
    played.play(until=384)
    assert not [when for _, when in played.port.sent if 2.0 < when < 3.0]
    assert played.session.dispatcher.lost_notes > 0
    assert played.port.sounding() == set()


def test_a_function_is_called_at_its_position(tiny_models: Path) -> None:
    called: list[int] = []
    played = fake_session(tiny_models / "tiny.onnx.json")
    played.at(100, lambda: called.append(played.session.dispatcher.position_tick()))
    played.play(until=200)
    assert called == [pytest.approx(100, abs=1)]


def test_a_scripted_clock_goes_in_steps() -> None:
    times: list[float] = []
    clock = ScriptedClock(lambda: times.append(clock.now()))
    clock.at(0.05, lambda: times.append(-1.0))
    assert clock.wait_until(0.1, threading.Event())
    assert clock.now() == 0.1
    assert -1.0 in times
    steps = [later - one for one, later in pairwise(times) if min(one, later) >= 0.0]
    assert max(steps) <= STEP_SECONDS + 1e-9


def test_what_is_wrong_with_the_order_of_messages_is_an_error() -> None:
    port = RecordingPort(FakeClock())
    port.send(Message(0, Kind.NOTE_ON, 1, 60, 64), 0.0)
    assert port.sounding() == {(1, 60)}
    port.send(Message(1, Kind.NOTE_ON, 1, 60, 64), 0.0)
    with pytest.raises(AssertionError, match="struck while it sounds"):
        port.sounding()
    port = RecordingPort(FakeClock())
    port.send(Message(0, Kind.NOTE_OFF, 1, 60, 64), 0.0)
    with pytest.raises(AssertionError, match="ends what does not sound"):
        port.sounding()


def test_where_no_input_is_open_nobody_hears() -> None:
    port, heard = RecordingPort(FakeClock(3.0)), list[tuple[bytes, float]]()
    port.receive(b"\xf8")
    assert port.listen(lambda message, seconds: heard.append((message, seconds))) == "recording in"
    port.receive(b"\xfa")
    port.receive(b"\xf8", 2.5)
    assert heard == [(b"\xfa", 3.0), (b"\xf8", 2.5)]
