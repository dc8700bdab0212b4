"""JACK with frame times: a message is queued ahead and leaves in the sample frame that it is due in.

Needs the package JACK-Client; importing this module without it, or without libjack, raises ImportError or OSError.
"""

import errno
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Final

import jack

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.midi.input import SYSTEM
from lstm_composer.runtime.midi.messages import Kind, Message
from lstm_composer.runtime.ports.base import Connection, OnMessage, OutputPort, PortLostError
from lstm_composer.runtime.ports.jack_clock import JackClock
from lstm_composer.runtime.ports.jack_periods import PeriodWatch, signed_frames
from lstm_composer.runtime.ports.jack_process import PeriodReader, PeriodWriter
from lstm_composer.runtime.ports.names import numbered

LEAD_SECONDS: Final = 0.1
MOST_READ: Final = 64
"""Channel messages that are handed over in a period; the others wait for the next ones. A DAW that starts can send
thousands at once (note-offs of all pitches on all channels): its Start and first clock must not wait behind them."""
STALE_SECONDS: Final = 0.25
"""A start found so long after its frame was queued before this program was stopped; it is left out."""
MOST_WAITING: Final = 8192
"""Channel messages that wait; of a flood the oldest go."""
_WRITE_MARGIN_SECONDS: Final = 0.5  # how much longer than planned closing waits for the queue

jack.set_error_function(lambda _: None)  # libjack prints to stderr; what matters comes as an exception
jack.set_info_function(lambda _: None)


class JackClientPort(OutputPort):
    """A JACK MIDI port whose messages leave in their exact frame.

    The dispatcher's thread appends to the right of a queue and takes back from the right; JACK's thread takes from the
    left. Each of these is one atomic operation of `deque`, so that JACK's thread never waits for a lock.

    Attributes:
        xrun_count: Periods that JACK reports as missed, by whichever program.

    """

    lead_seconds = LEAD_SECONDS

    def __init__(self, port_name: str) -> None:
        self._client = _open_numbered_client(port_name)
        try:
            self._set_up(port_name)
        except jack.JackError as error:  # the server has ended since
            self._client.close()
            raise MissingError(f"the JACK server takes no port ({error}): start it again") from error

    def _set_up(self, asked_name: str) -> None:
        port_name = self._client.name
        self.renamed = None if port_name == asked_name else port_name
        self._lost = threading.Event()
        self._jack_clock = JackClock(self._client, self._lost)
        super().__init__(f"{port_name}:{port_name}", self._jack_clock)
        self._rate: int = self._client.samplerate
        self._period = PeriodWriter(self._client, self._client.midi_outports.register(port_name))
        self._queue: deque[tuple[int, Message, bytes]] = deque()
        self._last_frame = 0
        self._input = f"{port_name} in"
        self._reader = PeriodReader(self._client.midi_inports.register(self._input))
        self._on_message: OnMessage | None = None
        self._unread: deque[tuple[bytes, float]] = deque(maxlen=MOST_WAITING)
        self._last_start: int = self._client.last_frame_time
        self._watch = PeriodWatch(self._last_start)
        self.xrun_count = 0
        self._client.set_process_callback(self._process)
        self._client.set_shutdown_callback(lambda *_: self._lost.set())
        self._client.set_xrun_callback(self._count_xrun)
        self._client.activate()

    def describe(self) -> str:
        """Return one line for the user."""
        return f'JACK, sample-accurate: connect "{self.name}" to the track that is to play'

    def listen(self, on_message: OnMessage) -> str:
        """Hand over what comes in, with the time of its frame; see `OutputPort.listen`."""
        self._on_message = on_message
        return self._input_name()

    def check_alive(self) -> bool:
        """Find out whether the server has gone; see `OutputPort.check_alive`."""
        self._check_lost()
        return True

    def connections(self) -> frozenset[Connection]:
        """Return what is connected with our two ports."""
        ends = ((False, self._client.midi_outports[0]), (True, self._client.midi_inports[0]))
        with suppress(jack.JackError):  # one of the other ports has gone while they were listed
            return frozenset(
                Connection(incoming, other.name)
                for incoming, port in ends
                for other in self._client.get_all_connections(port)
            )
        return frozenset()

    def targets(self) -> list[str]:
        """Return the names of the ports that take MIDI, but for our own."""
        ours = self._input_name()
        with suppress(jack.JackError):
            return [port.name for port in self._client.get_ports(is_midi=True, is_input=True) if port.name != ours]
        return []

    def connect(self, wire: Connection) -> bool:
        """Connect one of our ports; False if there is no such other port at present, or it is not ready."""
        ours = self._input_name() if wire.incoming else self.name
        try:
            self._client.get_port_by_name(wire.other)
            self._client.connect(*((wire.other, ours) if wire.incoming else (ours, wire.other)))
        except jack.JackErrorCode as error:
            return bool(error.code == errno.EEXIST)  # its user was quicker
        except jack.JackError:
            return False
        return True

    def _input_name(self) -> str:
        return f"{self._client.name}:{self._input}"

    def pending_count(self) -> int:
        """Return how many of the messages given JACK's thread has not taken; see `OutputPort.pending_count`."""
        count = len(self._queue)
        if count:
            self._check_lost()
        return count

    def discard_pending(self) -> list[Message]:
        """Take back the messages that JACK's thread has not taken, in the order given."""
        pending: list[Message] = []
        while self._queue:
            try:
                pending.append(self._queue.pop()[1])
            except IndexError:  # JACK's thread took the last one in between
                break
        self._last_frame = 0  # what follows need not wait for the times of what was taken back
        return pending[::-1]

    def _send(self, message: Message, when_seconds: float) -> float:
        self._check_lost()
        # Where the last callback was, and not what time it is: a server on a busy machine can be 20 ms behind its own
        # clock. The period after the last may be in its callback now: the one after that is the first that is sure.
        earliest = self._jack_clock.unwrapped(self._last_start) + 2 * self._client.blocksize
        frame: int = max(round(when_seconds * self._rate), earliest, self._last_frame)
        self._last_frame = frame
        self._queue.append((frame, message, bytes(message.midi_bytes())))
        return frame / self._rate

    def _check_lost(self) -> None:
        if self._lost.is_set():
            raise PortLostError("the JACK server has stopped, or has shut this program out: start it again")

    def _process(self, frames: int) -> None:
        """Write the messages of one period; runs on JACK's thread, once in each period."""
        self._period.begin(frames)
        self._last_start = start = self._period.start_frame()
        if self._on_message is not None:
            self._hand_over(self._on_message, start, frames)
        too_late = self._watch.too_late(start, self._period.frames_since_start(), frames)
        if too_late or not self._queue:
            return
        with suppress(IndexError):  # the queue ran empty, here or by `discard_pending`
            while (offset := signed_frames(self._queue[0][0], start)) < frames and self._write(offset):
                pass

    def _hand_over(self, on_message: OnMessage, start: int, frames: int) -> None:
        """Hand over what has come in: system messages at once, channel messages so many at a time."""
        for offset, data in self._reader.read(frames):
            seconds = self._jack_clock.unwrapped(start + offset) / self._rate
            if data and data[0] >= SYSTEM:
                on_message(data, seconds)
            else:
                self._unread.append((data, seconds))
        for _ in range(min(MOST_READ, len(self._unread))):
            on_message(*self._unread.popleft())

    def _write(self, offset: int) -> bool:
        entry = self._queue.popleft()
        if offset < -STALE_SECONDS * self._rate and entry[1].kind is Kind.NOTE_ON:
            return True
        written = self._period.write(max(0, offset), entry[2])
        if not written:
            self._queue.appendleft(entry)  # the period's buffer is full: it goes first in the next
        return written

    def _count_xrun(self, _delay_microseconds: float) -> None:
        self.xrun_count += 1

    def _close(self) -> None:
        self._wait_written()
        self._client.deactivate()
        self._client.close()

    def _wait_written(self) -> None:
        """Wait until JACK's thread has taken the queue and the receivers have had their periods to read it."""
        period = self._client.blocksize / self._rate
        deadline = max(self.clock.now(), self._last_frame / self._rate) + _WRITE_MARGIN_SECONDS
        while self._queue and self.clock.now() < deadline and not self._lost.is_set():
            time.sleep(period)
        self._lost.wait(4 * period)


def _open_numbered_client(name: str) -> jack.Client:
    """Open a client under the first name that no other program has: JACK itself would make "NAME-01" of a taken one."""
    for candidate in numbered(name):
        client = _open_client(candidate)
        if client.name == candidate:
            return client
        client.close()
    raise AssertionError  # the names do not end


def _open_client(name: str) -> jack.Client:
    try:
        return jack.Client(name, no_start_server=True)
    except jack.JackError as error:
        raise MissingError("no JACK server runs on this machine: start one, or choose another --backend") from error


def server_summary() -> str:
    """Describe the running server in one line: sample rate, period, whether it has real-time priority.

    Raises:
        MissingError: If no server runs.

    """
    client = _open_client("LSTM Composer doctor")
    try:
        priority = "real-time" if client.realtime else "not real-time"
        return f"{client.samplerate} Hz, periods of {client.blocksize} frames, {priority}"
    finally:
        client.close()


def target_names() -> list[str]:
    """Return the names of the ports that take MIDI; raises MissingError if no server runs."""
    client = _open_client("LSTM Composer doctor")
    try:
        return [port.name for port in client.get_ports(is_midi=True, is_input=True)]
    except jack.JackError as error:
        raise MissingError("the JACK server does not tell what ports there are: try again") from error
    finally:
        client.close()
