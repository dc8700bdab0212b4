"""Messages on their way to a port: in order, taken back, and deferred while the port is away."""

from lstm_composer.runtime.midi.messages import Kind, Message, Sent
from lstm_composer.runtime.playback.outbox import Outbox
from lstm_composer.runtime.testing import FakeClock, RecordingPort


def on(tick: int, pitch: int) -> Message:
    return Message(tick, Kind.NOTE_ON, 1, pitch, 64)


def off(tick: int, pitch: int) -> Message:
    return Message(tick, Kind.NOTE_OFF, 1, pitch, 64)


def test_what_has_left_is_told_in_order() -> None:
    clock, told = FakeClock(), list[Sent]()
    outbox = Outbox(RecordingPort(clock, lead_seconds=0.1), told.append)
    assert [one.sent_seconds for one in outbox.send([on(1, 60), on(2, 62)], float)] == [1.0, 2.0]
    outbox.report()
    assert told == []
    assert outbox.last_leaves_seconds == 2.0
    clock.jump(1.5)
    outbox.report()
    assert [one.message for one in told] == [on(1, 60)]
    outbox.report_all()
    assert [one.message for one in told] == [on(1, 60), on(2, 62)]
    assert outbox.last_leaves_seconds is None


def test_a_position_with_less_delay_does_not_overtake_the_one_before() -> None:
    port = RecordingPort(FakeClock(), lead_seconds=0.1)
    Outbox(port).send([on(1, 60), on(2, 62)], {1: 1.5, 2: 1.0}.__getitem__)
    assert port.sent == [(on(1, 60), 1.5), (on(2, 62), 1.5)]


def test_what_has_not_left_is_taken_back_with_what_waits() -> None:
    clock, told = FakeClock(), list[Sent]()
    outbox = Outbox(RecordingPort(clock, lead_seconds=0.1, away_between=[(2.0, 3.0)]), told.append)
    outbox.send([on(1, 60), on(5, 62)], float)
    clock.jump(2.5)
    assert outbox.check_port()
    assert outbox.is_away
    assert outbox.send([on(6, 64)], float) == []
    assert outbox.take_back() == [on(5, 62), on(6, 64)]
    outbox.report_all()
    assert [one.message for one in told] == [on(1, 60)]


def test_note_offs_wait_for_a_port_that_is_away() -> None:
    clock = FakeClock(0.5)
    port = RecordingPort(clock, away_between=[(0.0, 1.0)])
    outbox = Outbox(port)
    assert outbox.check_port()
    outbox.end_notes([off(1, 60), off(1, 62)])
    outbox.end_notes([off(2, 62), off(2, 64)])
    assert port.messages == []
    assert not outbox.check_port()
    clock.jump(1.0)
    assert outbox.check_port()
    outbox.send_deferred(9)
    assert port.messages == [off(9, 60), off(9, 62), off(9, 64)]
    outbox.send_deferred(10)
    assert len(port.messages) == 3


def test_lateness_is_the_most_there_was() -> None:
    clock = FakeClock(2.0)
    outbox = Outbox(RecordingPort(clock))
    outbox.send([on(1, 60), on(2, 62)], float)
    assert outbox.worst_lateness_seconds == 1.0
