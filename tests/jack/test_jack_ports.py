"""Playing through a real JACK server to a receiver that is not ours."""

import itertools
import random
import subprocess
import threading
from typing import TYPE_CHECKING, Protocol

import pytest

from benchmarks.common.jack_server import RATE, JackServer
from lstm_composer.runtime.midi.messages import ALL_NOTES_OFF, SUSTAIN_PEDAL, Kind, Message, Sent
from lstm_composer.runtime.music.notes import Note, without_overlaps
from lstm_composer.runtime.playback.dispatcher import Dispatcher
from lstm_composer.runtime.playback.outbox import Outbox
from lstm_composer.runtime.playback.scheduler import Scheduler
from lstm_composer.runtime.ports import OutputPort, PortLostError, available_backends, open_port
from lstm_composer.runtime.ports.backends import target_names
from lstm_composer.runtime.ports.base import NoTargetError
from lstm_composer.runtime.ports.reconnecting import ReconnectingPort
from lstm_composer.runtime.transport.transport import InternalTransport

if TYPE_CHECKING:  # without JACK the import fails, and the tests are to skip
    from lstm_composer.runtime.ports.jack import JackClientPort


TEMPO_BPM = 300.0
CHANNEL = 2
START_IN_SECONDS = 0.3
END = (0xB0 | (CHANNEL - 1), ALL_NOTES_OFF, 0)

pytestmark = pytest.mark.timeout(60)


class Received(Protocol):
    @property
    def frame(self) -> int: ...
    @property
    def data(self) -> tuple[int, ...]: ...


class Receiver(Protocol):
    @property
    def name(self) -> str: ...

    def received(self) -> list[Received]: ...
    def read_until(self, data: tuple[int, ...]) -> list[Received]: ...


class ListSource:
    end_tick: int | None = None

    def __init__(self, notes: list[Note]) -> None:
        self.notes = notes

    def take_before(self, tick: int) -> list[Note]:
        taken = [note for note in self.notes if note.onset < tick]
        self.notes = [note for note in self.notes if note.onset >= tick]
        return taken

    def finished(self) -> bool:
        return not self.notes

    def locate(self, tick: int) -> None:
        raise AssertionError(tick)

    def wait_until_made(self, tick: int, timeout_seconds: float) -> bool:
        raise AssertionError((tick, timeout_seconds))


def score(length_ticks: int) -> list[Note]:
    """A dense score: chords, repeated pitches, and onsets on odd ticks; about 1.3 notes a tick."""
    dice = random.Random(5)
    count = length_ticks * 3 // 2
    notes = [Note(dice.randrange(length_ticks), dice.randrange(40, 90), dice.randrange(1, 48), 1) for _ in range(count)]
    return without_overlaps(Note(one.onset, one.pitch, one.duration, dice.randrange(1, 128)) for one in notes)


def dispatcher_for(port: OutputPort, notes: list[Note]) -> tuple[Dispatcher, list[Sent]]:
    reported: list[Sent] = []
    transport = InternalTransport(port.clock.now() + START_IN_SECONDS, TEMPO_BPM)
    return Dispatcher(Outbox(port, reported.append), transport, ListSource(notes), [CHANNEL]), reported


def jack_client_port() -> "JackClientPort":
    from lstm_composer.runtime.ports.jack import JackClientPort  # noqa: PLC0415 - after the fixtures have skipped

    return JackClientPort("LSTM Composer")


def connect(port_name: str, receiver: Receiver) -> None:
    subprocess.run(["jack_connect", port_name, f"{receiver.name}:input"], check=True, capture_output=True, timeout=10)


def messages_of(notes: list[Note]) -> list[Message]:
    scheduler = Scheduler()
    scheduler.add(notes, CHANNEL)
    return scheduler.due(1_000_000)


def sounding_after(received: list[Received]) -> set[int]:
    sounding: set[int] = set()
    for one in received:
        kind, number, _ = one.data
        if kind >> 4 == 0x9:
            assert number not in sounding
            sounding.add(number)
        elif kind >> 4 == 0x8:
            sounding.remove(number)
    return sounding


def test_a_receiver_gets_every_message_in_order(receiver: Receiver) -> None:
    notes = score(240)
    with open_port("jack", "LSTM Composer") as port:
        connect("LSTM Composer:LSTM Composer", receiver)
        dispatcher, reported = dispatcher_for(port, notes)
        dispatcher.run(threading.Event())
        received = receiver.read_until(END)
    expected = [message.midi_bytes() for message in messages_of(notes)]
    if dispatcher.missed_notes == 0:
        assert [one.data for one in received] == [*expected, (END[0], SUSTAIN_PEDAL, 0), END]
    assert len([one for one in received if one.data[0] >> 4 == 0x9]) == len(notes) - dispatcher.missed_notes
    assert [sent.message.midi_bytes() for sent in reported] == [one.data for one in received]


def test_a_scheduled_message_leaves_in_its_sample_frame(receiver: Receiver) -> None:
    notes = score(360)
    with jack_client_port() as port:
        connect(port.name, receiver)
        dispatcher, reported = dispatcher_for(port, notes)
        dispatcher.run(threading.Event())
        received = receiver.read_until(END)
        xruns = port.xrun_count
    played = [(sent, one) for sent, one in zip(reported, received, strict=True) if sent.message.kind is Kind.NOTE_ON]
    errors = [one.frame - sent.due_seconds * RATE for sent, one in played]
    # A machine that gives the program no time for a second has it leave out what has passed.
    assert len(errors) == len(notes) - dispatcher.missed_notes
    # The receiver counts frames from an origin of its own, and again from another after each xrun of the server.
    jumps = sum(abs(later - earlier) > 1.0 for earlier, later in itertools.pairwise(errors))
    assert jumps <= xruns
    if not xruns:
        assert max(errors) - min(errors) <= 1.0 + 1e-3


def test_a_stop_in_mid_note_leaves_nothing_on(receiver: Receiver) -> None:
    stop = threading.Event()
    notes = [*score(120), Note(0, 20, 2400, 64), Note(100, 100, 2400, 64)]
    with open_port("jack", "LSTM Composer") as port:
        connect("LSTM Composer:LSTM Composer", receiver)
        reported: list[Sent] = []

        def stop_after_some(sent: Sent) -> None:
            reported.append(sent)
            if len(reported) == 150:
                stop.set()

        transport = InternalTransport(port.clock.now() + START_IN_SECONDS, TEMPO_BPM)
        Dispatcher(Outbox(port, stop_after_some), transport, ListSource(notes), [CHANNEL]).run(stop)
        received = receiver.read_until(END)
    assert [sent.message.midi_bytes() for sent in reported] == [one.data for one in received]
    assert sounding_after(received) == set()
    assert 150 < len(received) < 2 * len(notes)


def test_closing_sends_what_was_given(receiver: Receiver) -> None:
    messages = [Message(tick, Kind.NOTE_ON, CHANNEL, 40 + tick, 64) for tick in range(20)]
    last = Message(20, Kind.CONTROL, CHANNEL, ALL_NOTES_OFF, 0)
    with jack_client_port() as port:
        connect(port.name, receiver)
        start = port.clock.now() + 0.05
        for message in [*messages, last]:
            port.send(message, start + 0.01 * message.tick)
    assert [one.data for one in receiver.read_until(END)] == [one.midi_bytes() for one in [*messages, last]]


def test_what_is_taken_back_does_not_leave(receiver: Receiver) -> None:
    far = [Message(tick, Kind.NOTE_ON, CHANNEL, 60, 64) for tick in range(3)]
    last = Message(0, Kind.CONTROL, CHANNEL, ALL_NOTES_OFF, 0)
    with jack_client_port() as port:
        connect(port.name, receiver)
        for message in far:
            port.send(message, port.clock.now() + 3600.0)
        assert port.discard_pending() == far
        assert port.discard_pending() == []
        now = port.clock.now()
        leaves = port.send(last, now)
        assert leaves is not None
        assert now <= leaves < now + 1.0
    assert [one.data for one in receiver.read_until(END)] == [last.midi_bytes()]


def test_a_server_that_dies_ends_the_performance(jack_server: JackServer) -> None:
    with jack_client_port() as port:
        notes = score(240)
        transport = InternalTransport(port.clock.now() + START_IN_SECONDS, TEMPO_BPM)

        def kill_after_some(sent: Sent) -> None:
            if sent.message.tick > 20 and jack_server.process.returncode is None:
                jack_server.end()

        dispatcher = Dispatcher(Outbox(port, kill_after_some), transport, ListSource(notes), [CHANNEL])
        with pytest.raises(PortLostError, match="the JACK server has stopped"):
            dispatcher.run(threading.Event())


def test_a_client_that_was_shut_out_comes_back_and_ends_what_it_left(receiver: Receiver) -> None:
    notes = [Note(tick, 40 + tick % 24, 20, 64) for tick in range(0, 480, 24)]
    long = Note(1, 100, 300, 64)
    with open_port("jack", "LSTM Composer") as port:
        connect(port.name, receiver)
        assert isinstance(port, ReconnectingPort)
        seen, first = threading.Event(), port._inner
        assert first is not None
        dispatcher, reported = dispatcher_for(port, [*notes, long])
        original = port.check_alive

        def check_alive() -> bool:
            if not seen.is_set() and dispatcher.position_tick() > 60 and port._seen and port._seen[-1]:
                seen.set()
                first.port._lost.set()  # type: ignore[attr-defined] # what JACK's shutdown callback does
            return original()

        port.check_alive = check_alive  # type: ignore[method-assign] # on the dispatcher's thread, between two messages
        dispatcher.run(threading.Event())
        assert port._inner is not None
        assert port._inner is not first
    received = receiver.received()
    assert sounding_after(received) == set()
    assert [one.data for one in received].count(END) == 2
    assert (0x80 | (CHANNEL - 1), long.pitch) in [one.data[:2] for one in received]
    assert [one.data for one in received] == [sent.message.midi_bytes() for sent in reported]
    assert sum(sent.message.kind is Kind.NOTE_ON for sent in reported) + dispatcher.lost_notes == len(notes) + 1


def test_the_port_of_another_program_is_played_into(jack_server: JackServer, receiver: Receiver) -> None:
    assert f"{receiver.name}:input" in target_names()
    with open_port("jack", "LSTM Composer", target=receiver.name) as port:
        port.send(Message(0, Kind.NOTE_ON, 1, 60, 80), port.clock.now() + START_IN_SECONDS)
        receiver.read_until((0x90, 60, 80))
    with pytest.raises(NoTargetError, match=r"no MIDI port has 'nobody' in its name; this machine has .*receiver"):
        open_port("jack", "LSTM Composer", target="nobody")


def test_a_second_program_gets_a_name_of_its_own(jack_server: JackServer) -> None:
    with open_port("jack", "LSTM Composer") as first, open_port("jack", "LSTM Composer") as second:
        assert first.name == "LSTM Composer:LSTM Composer"
        assert second.name == "LSTM Composer 2:LSTM Composer 2"
        assert (first.renamed, second.renamed) == (None, "LSTM Composer 2")
        assert second.name in second.describe()


def test_the_doctor_sees_the_server(jack_server: JackServer, capfd: pytest.CaptureFixture[str]) -> None:
    detail = {one.name: one for one in available_backends()}["jack"]
    assert detail.ok
    assert detail.detail.startswith("sample-accurate; 48000 Hz, periods of 64 frames")
    assert capfd.readouterr() == ("", "")
