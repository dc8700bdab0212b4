"""The dispatcher on a fake clock: exact messages and times, and silence on every way out."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.midi.messages import Kind, Message, Sent
from lstm_composer.runtime.music.notes import Note, cut_at, without_overlaps
from lstm_composer.runtime.playback.dispatcher import Dispatcher
from lstm_composer.runtime.playback.intake import HORIZON_TICKS, PULL_TICKS
from lstm_composer.runtime.playback.outbox import Outbox
from lstm_composer.runtime.playback.requests import Requests
from lstm_composer.runtime.ports.base import PortLostError
from lstm_composer.runtime.testing import FakeClock, RecordingPort
from lstm_composer.runtime.transport.transport import InternalTransport

START = 1.0
TEMPO_BPM = 125.0  # a tick is 20 ms
TICK = 0.02


@dataclass
class ListSource:
    """Gives the notes of a list; records how far it was asked."""

    notes: list[Note]
    end_tick: int | None = None
    endless: bool = False
    asked: list[int] = field(default_factory=list)
    on_take: Callable[[int], None] = lambda _: None

    def take_before(self, tick: int) -> list[Note]:
        self.asked.append(tick)
        self.on_take(tick)
        taken = [note for note in self.notes if note.onset < tick]
        self.notes = [note for note in self.notes if note.onset >= tick]
        return taken

    def finished(self) -> bool:
        return not self.notes and not self.endless

    def locate(self, tick: int) -> None:
        raise AssertionError(tick)

    def wait_until_made(self, tick: int, timeout_seconds: float) -> bool:
        raise AssertionError((tick, timeout_seconds))


@dataclass
class Stage:
    """A dispatcher with everything around it."""

    source: ListSource
    lead_seconds: float = 0.0
    channel: int = 3

    def __post_init__(self) -> None:
        self.clock = FakeClock()
        self.port = RecordingPort(self.clock, lead_seconds=self.lead_seconds)
        self.reported: list[Sent] = []
        self.stop = threading.Event()
        self.transport = InternalTransport(START, TEMPO_BPM)
        self.requests = Requests(self.clock)
        self.dispatcher = Dispatcher(
            Outbox(self.port, self.reported.append),
            self.transport,
            self.source,
            [self.channel],
            requests=self.requests,
        )

    def run(self) -> list[tuple[int, str, int, object]]:
        """Play; returns (tick, kind, number, seconds) of all that was sent, the seconds comparing as approximate."""
        self.dispatcher.run(self.stop)
        names = {Kind.NOTE_ON: "on", Kind.NOTE_OFF: "off", Kind.CONTROL: "cc"}
        return [(one.tick, names[one.kind], one.number, pytest.approx(when)) for one, when in self.port.sent]


def at(tick: float) -> float:
    return START + tick * TICK


LEAD_SECONDS = 0.1
LEADS = pytest.mark.parametrize("lead_seconds", [0.0, LEAD_SECONDS])


@LEADS
def test_every_message_leaves_at_its_tick(lead_seconds: float) -> None:
    notes = [Note(0, 60, 24, 80), Note(0, 64, 12, 70), Note(12, 64, 12, 60), Note(120, 67, 3, 50)]
    stage = Stage(ListSource(notes), lead_seconds)
    assert stage.run() == [
        (0, "on", 60, at(0)),
        (0, "on", 64, at(0)),
        (12, "off", 64, at(12)),
        (12, "on", 64, at(12)),
        (24, "off", 60, at(24)),
        (24, "off", 64, at(24)),
        (120, "on", 67, at(120)),
        (123, "off", 67, at(123)),
        (124, "cc", 64, at(123)),
        (124, "cc", 123, at(123)),
    ]
    assert stage.dispatcher.worst_lateness_seconds == pytest.approx(0.0, abs=1e-9)
    assert stage.dispatcher.late_notes == 0


@LEADS
def test_all_that_left_is_reported_with_its_times(lead_seconds: float) -> None:
    stage = Stage(ListSource([Note(0, 60, 24, 80), Note(6, 62, 6, 80)]), lead_seconds)
    stage.run()
    assert [(sent.message, sent.sent_seconds) for sent in stage.reported] == stage.port.sent
    notes = [sent for sent in stage.reported if sent.message.kind is not Kind.CONTROL]
    assert [sent.due_seconds for sent in notes] == [pytest.approx(at(sent.message.tick)) for sent in notes]
    assert all(sent.message.channel == 3 for sent in stage.reported)


def test_a_source_without_notes_sends_nothing() -> None:
    assert Stage(ListSource([])).run() == []


def test_the_source_is_asked_ahead_and_several_times_a_beat() -> None:
    stage = Stage(ListSource([Note(0, 60, 1, 80), Note(60, 60, 1, 80)]))
    stage.run()
    first = stage.source.asked[0]
    assert first == HORIZON_TICKS - round(START / TICK)
    assert stage.source.asked == list(range(first, 60 + PULL_TICKS + 1, PULL_TICKS))[: len(stage.source.asked)]


def test_a_port_with_a_lead_has_its_notes_taken_earlier() -> None:
    stage = Stage(ListSource([Note(0, 60, 1, 80)]), LEAD_SECONDS)
    stage.run()
    assert stage.source.asked[0] == HORIZON_TICKS - round((START - LEAD_SECONDS) / TICK)


@LEADS
def test_the_performance_ends_at_the_end_tick(lead_seconds: float) -> None:
    source = ListSource([Note(0, 60, 500, 80), Note(90, 62, 20, 80), Note(96, 64, 10, 80)], end_tick=96, endless=True)
    rows = [row for row in Stage(source, lead_seconds).run() if row[1] != "cc"]
    assert rows == [
        (0, "on", 60, at(0)),
        (90, "on", 62, at(90)),
        (96, "off", 60, at(96)),
        (96, "off", 62, at(96)),
    ]


def test_a_stop_in_mid_note_ends_the_note() -> None:
    stage = Stage(ListSource([Note(0, 60, 96, 80), Note(30, 62, 96, 80)], endless=True))
    stage.source.on_take = lambda tick: stage.stop.set() if tick >= 26 + HORIZON_TICKS else None
    assert stage.run() == [
        (0, "on", 60, at(0)),
        (26, "off", 60, at(26)),
        (26, "cc", 64, at(26)),
        (26, "cc", 123, at(26)),
    ]


def test_a_stop_takes_back_what_a_port_has_not_sent() -> None:
    stage = Stage(ListSource([Note(0, 60, 96, 80), Note(4, 62, 96, 80)]), LEAD_SECONDS)
    stage.port.on_send = lambda message: stage.stop.set() if message.number == 62 else None
    # Both are given before the start, where 62 sets the stop: neither leaves.
    assert [row[:3] for row in stage.run()] == [(1, "cc", 64), (1, "cc", 123)]
    assert [sent.message for sent in stage.reported] == [message for message, _ in stage.port.sent]


def test_a_note_whose_end_is_taken_back_is_ended() -> None:
    stage = Stage(ListSource([Note(0, 60, 10, 80), Note(10, 62, 96, 80)]), LEAD_SECONDS)
    stage.port.on_send = lambda message: stage.stop.set() if message.number == 62 else None
    rows = stage.run()
    assert rows == [
        (0, "on", 60, at(0)),
        (11, "off", 60, at(5)),
        (11, "cc", 64, at(5)),
        (11, "cc", 123, at(5)),
    ]
    assert [(sent.message, sent.sent_seconds) for sent in stage.reported] == stage.port.sent


def test_a_stop_before_the_start_sends_nothing() -> None:
    stage = Stage(ListSource([Note(0, 60, 96, 80)]))
    stage.stop.set()
    assert stage.run() == []


@LEADS
def test_a_source_that_fails_leaves_nothing_sounding(lead_seconds: float) -> None:
    def fail(tick: int) -> None:
        if tick > 60:
            raise RuntimeError("the engine broke")

    stage = Stage(ListSource([Note(0, 60, 500, 80), Note(24, 62, 500, 80)], endless=True, on_take=fail), lead_seconds)
    with pytest.raises(RuntimeError, match="the engine broke"):
        stage.run()
    assert stage.port.sounding() == set()
    assert [sent.message for sent in stage.reported] == [message for message, _ in stage.port.sent]


def test_a_port_that_fails_once_leaves_nothing_sounding() -> None:
    stage = Stage(ListSource([Note(0, 60, 24, 80), Note(0, 62, 24, 80), Note(0, 64, 24, 80)]))

    def fail_once(message: Message) -> None:
        if message.kind is Kind.NOTE_OFF and message.number == 60:
            stage.port.on_send = lambda _: None
            raise PortLostError("gone")

    stage.port.on_send = fail_once
    with pytest.raises(PortLostError, match="gone"):
        stage.run()
    assert stage.port.sounding() == set()


def test_a_report_that_fails_leaves_nothing_sounding() -> None:
    stage = Stage(ListSource([Note(0, 60, 24, 80), Note(0, 62, 24, 80)]))

    def fail(sent: Sent) -> None:
        raise OSError("disk full")

    dispatcher = Dispatcher(Outbox(stage.port, fail), InternalTransport(START, TEMPO_BPM), stage.source, [1])
    with pytest.raises(OSError, match="disk full"):
        dispatcher.run(stage.stop)
    assert stage.port.sent
    assert stage.port.sounding() == set()


def test_a_late_note_is_played_at_once_and_counted() -> None:
    stage = Stage(ListSource([Note(0, 60, 96, 80), Note(25, 62, 40, 80), Note(26, 64, 2, 80), Note(90, 65, 6, 80)]))

    def be_busy(tick: int) -> None:
        if tick == 22 + HORIZON_TICKS:  # the machine sleeps for 8 ticks, past the notes at 25 and 26
            stage.clock.jump(8 * TICK + TICK / 2)

    stage.source.on_take = be_busy
    rows = [row for row in stage.run() if row[1] != "cc"]
    assert rows == [
        (0, "on", 60, at(0)),
        (25, "on", 62, at(30.5)),
        (26, "on", 64, at(30.5)),
        (28, "off", 64, at(30.5)),
        (65, "off", 62, at(65)),
        (90, "on", 65, at(90)),
        (96, "off", 60, at(96)),
        (96, "off", 65, at(96)),
    ]
    assert stage.dispatcher.worst_lateness_seconds == pytest.approx(5.5 * TICK)


@LEADS
def test_a_thread_that_was_held_up_starts_no_note_on_another_tick(lead_seconds: float) -> None:
    """Where a note ends that begins the next: its end closes the tick, and the next one has not been taken yet."""
    stage = Stage(ListSource([Note(onset, 60, 12, 80) for onset in range(0, 240, 12)], endless=True), lead_seconds)

    wait_until, held_up = stage.clock.wait_until, [at_tick / 10 for at_tick in range(130, 2300, 97)]

    def wait_too_long(deadline_seconds: float, stop: threading.Event) -> bool:
        if held_up and deadline_seconds > stage.transport.seconds_at(0) + held_up[0] * TICK:
            del held_up[0]
            deadline_seconds += 11.5 * TICK
        return wait_until(deadline_seconds, stop)

    stage.clock.wait_until = wait_too_long  # type: ignore[method-assign] # as a busy machine does
    stage.port.on_send = lambda message: stage.stop.set() if message.tick >= 239 else None
    stage.run()
    struck = [message.tick for message, _ in stage.port.sent if message.kind is Kind.NOTE_ON]
    assert struck == list(range(0, 240, 12))


def test_notes_that_come_late_from_the_source_are_counted() -> None:
    @dataclass
    class LateSource(ListSource):
        def take_before(self, tick: int) -> list[Note]:
            return super().take_before(tick) if not 20 <= tick <= 42 else []

    source = LateSource([Note(0, 60, 1, 80), Note(20, 62, 60, 80), Note(22, 64, 3, 80), Note(50, 65, 6, 80)])
    stage = Stage(source)
    rows = [row for row in stage.run() if row[1] != "cc"]
    assert [row[:3] for row in rows] == [
        (0, "on", 60),
        (1, "off", 60),
        (20, "on", 62),
        (50, "on", 65),
        (56, "off", 65),
        (80, "off", 62),
    ]
    assert rows[2][3] == at(38)  # the first round that asks for more than 42 is the one at 38
    assert (stage.dispatcher.late_notes, stage.dispatcher.missed_notes) == (1, 1)


def test_the_live_display_can_read_position_and_sounding_notes() -> None:
    stage = Stage(ListSource([Note(0, 60, 12, 80), Note(0, 64, 24, 80)]))
    seen: list[tuple[int, int]] = []
    stage.port.on_send = lambda _: seen.append((stage.dispatcher.position_tick(), stage.dispatcher.sounding_count))
    assert stage.dispatcher.position_tick() == -round(START / TICK)
    stage.run()
    assert seen == [(0, 2), (0, 2), (12, 1), (24, 0), (24, 0), (24, 0)]


FAR = 10_000
NOTES = st.builds(Note, st.integers(0, 200), st.integers(60, 64), st.integers(1, 60), st.integers(1, 127))


@LEADS
@given(notes=st.lists(NOTES, max_size=30), end_tick=st.none() | st.integers(0, 250))
def test_what_is_played_is_what_was_written(lead_seconds: float, notes: list[Note], end_tick: int | None) -> None:
    stage = Stage(ListSource(notes, end_tick), lead_seconds)
    stage.run()
    written = without_overlaps(notes if end_tick is None else cut_at(notes, end_tick))
    starts = [(note.onset, note.pitch, note.velocity) for note in written]
    ends = [(note.end, note.pitch) for note in written]
    messages = [message for message, _ in stage.port.sent]
    assert [(one.tick, one.number, one.value) for one in messages if one.kind is Kind.NOTE_ON] == starts
    assert sorted((one.tick, one.number) for one in messages if one.kind is Kind.NOTE_OFF) == sorted(ends)
    assert stage.port.sounding() == set()


@LEADS
@given(notes=st.lists(NOTES, max_size=30), messages_until_stop=st.integers(1, 60))
def test_a_stop_anywhere_leaves_nothing_sounding(
    lead_seconds: float, notes: list[Note], messages_until_stop: int
) -> None:
    stage = Stage(ListSource(notes), lead_seconds)
    left = iter(range(messages_until_stop - 1, -1, -1))
    stage.port.on_send = lambda _: stage.stop.set() if next(left, 0) == 0 else None
    stage.run()
    assert stage.port.sounding() == set()
    assert [(sent.message, sent.sent_seconds) for sent in stage.reported] == stage.port.sent


@LEADS
def test_what_began_while_the_program_was_stopped_is_not_sounded(lead_seconds: float) -> None:
    """As after SIGSTOP and SIGCONT, or when a machine has slept."""
    bar = [Note(onset, 60 + index, 30, 80) for index, onset in enumerate(range(0, 480, 12))]
    stage = Stage(ListSource(bar), lead_seconds)

    def be_stopped(tick: int) -> None:
        if stage.clock.now() < START + 3.0 <= stage.transport.seconds_at(tick):
            stage.source.on_take = lambda _: None
            stage.clock.jump(2.0)

    stage.source.on_take = be_stopped
    stage.run()
    assert stage.port.sounding() == set()
    begun = [(message, when) for message, when in stage.port.sent if message.kind is Kind.NOTE_ON]
    late = {message.tick: when - stage.transport.seconds_at(message.tick) for message, when in begun}
    assert max(late.values()) < 0.1
    stopped = [tick for tick in range(0, 480, 12) if tick not in late]
    assert 80 <= len(stopped) * 12 <= 120
    assert stopped == list(range(stopped[0], stopped[-1] + 1, 12))
    assert stage.dispatcher.missed_notes == len(stopped)


@LEADS
def test_a_pause_is_silent_and_what_passes_meanwhile_is_not_heard_afterwards(lead_seconds: float) -> None:
    notes = [Note(0, 60, 48, 80), Note(6, 62, 12, 80), Note(30, 64, 12, 80), Note(96, 65, 6, 80)]
    stage = Stage(ListSource(notes), lead_seconds)
    sounding_at_pause: list[set[int]] = []

    def hold() -> None:
        left = [message for message, leaves in stage.port.sent if leaves <= stage.clock.now()]
        assert len(left) == len(stage.port.sent)  # all is out before the process stops
        last = {message.number: message.kind for message in left if message.kind is not Kind.CONTROL}
        sounding_at_pause.append({number for number, kind in last.items() if kind is Kind.NOTE_ON})
        stage.clock.jump(60 * TICK)

    def pause(message: Message) -> None:
        if (message.kind, message.number) == (Kind.NOTE_ON, 62):
            stage.requests.pause(hold)

    stage.port.on_send = pause
    stage.run()
    assert sounding_at_pause == [set()]
    started = [message.number for message, _ in stage.port.sent if message.kind is Kind.NOTE_ON]
    assert set(started) - {62} == {60, 65}  # a port with a lead takes 62 back if it is not out yet
    assert 64 not in started
