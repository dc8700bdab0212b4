"""The clock that others are given: 24 pulses a quarter among the notes, Start before the downbeat, Stop at the end."""

import threading

import pytest

from lstm_composer.runtime.midi.messages import Kind, Sent
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.playback.dispatcher import Dispatcher
from lstm_composer.runtime.playback.midi_clock_out import ClockOut
from lstm_composer.runtime.playback.outbox import Outbox
from lstm_composer.runtime.playback.requests import Requests
from lstm_composer.runtime.testing import FakeClock, RecordingPort
from lstm_composer.runtime.transport.midi_clock_in import ClockFollower
from lstm_composer.runtime.transport.transport import InternalTransport

TEMPO_BPM = 123.0
FIRST = -36


class Notes:
    """A source of four quarters."""

    end_tick = 96

    def __init__(self) -> None:
        self.notes = [Note(tick, 60, 20, 80) for tick in range(0, 96, 24)]

    def take_before(self, tick: int) -> list[Note]:
        taken = [note for note in self.notes if note.onset < tick]
        self.notes = self.notes[len(taken) :]
        return taken

    def finished(self) -> bool:
        return not self.notes

    def locate(self, tick: int) -> None:
        raise AssertionError(tick)

    def wait_until_made(self, tick: int, timeout_seconds: float) -> bool:
        raise AssertionError((tick, timeout_seconds))


def just_before_the_first() -> FakeClock:
    """A clock on the pulse before the first."""
    return FakeClock(1.0 + (FIRST - 0.5) * 60 / TEMPO_BPM / 24)


def play(port: RecordingPort, panic_at: int | None = None) -> list[Sent]:
    sent: list[Sent] = []
    transport = InternalTransport(1.0, TEMPO_BPM)

    def on_sent(one: Sent) -> None:
        sent.append(one)
        if one.message.tick == panic_at and one.message.kind is Kind.CLOCK:
            requests.panic()

    requests = Requests(port.clock)
    clock_out = ClockOut(Notes.end_tick)
    dispatcher = Dispatcher(Outbox(port, on_sent), transport, Notes(), [1], requests=requests, clock_out=clock_out)
    dispatcher.run(threading.Event())
    return sent


def followed(sent: list[Sent]) -> ClockFollower:
    """Hand the messages to a follower."""
    follower = ClockFollower(60.0)
    for one in sent:
        follower.receive(bytes(one.message.midi_bytes()), one.sent_seconds)
    return follower


@pytest.mark.parametrize("lead_seconds", [0.0, 0.1])
@pytest.mark.parametrize("panic_at", [None, 10, 30])
def test_each_pulse_is_sent_once_and_in_order(lead_seconds: float, panic_at: int | None) -> None:
    sent = play(RecordingPort(just_before_the_first(), lead_seconds=lead_seconds), panic_at)
    real_time = [(one.message.kind, one.message.tick) for one in sent if one.message.kind in (Kind.CLOCK, Kind.START)]
    last = max(tick for _, tick in real_time)
    pulses = [(Kind.CLOCK, tick) for tick in range(FIRST, last + 1)]
    pulses.insert(-FIRST, (Kind.START, -1))
    assert real_time == pulses
    assert last == 95
    (stop,) = (one for one in sent if one.message.kind is Kind.STOP)
    assert stop.message.tick == 95
    assert stop.sent_seconds < 1.0 + 96 * 60 / TEMPO_BPM / 24
    times = [one.sent_seconds for one in sent]
    assert times == sorted(times)
    assert {one.message.midi_bytes() for one in sent if one.message.kind is Kind.CLOCK} == {(0xF8,)}


def test_our_own_follower_has_the_tempo_by_the_downbeat_and_ends_with_us() -> None:
    sent = play(RecordingPort(just_before_the_first()))
    downbeat = next(index for index, one in enumerate(sent) if one.message.kind is Kind.NOTE_ON)
    follower = followed(sent[:downbeat])
    assert follower.running
    assert follower.tempo_bpm == pytest.approx(TEMPO_BPM, rel=1e-3)
    assert follower.seconds_at(48) == pytest.approx(1.0 + 2 * 60 / TEMPO_BPM, abs=1e-3)
    assert not followed(sent).running


def test_a_stop_without_a_start_is_none() -> None:
    clock_out = ClockOut()
    clock_out.begin(-5)
    assert clock_out.stop(0) is None
