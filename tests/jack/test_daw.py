"""A DAW that sends all notes off with its Start, or goes far, and a program that is stopped: on a real JACK server.

The DAW is a client of the test's own: what it sends and what comes back stand on one line of frames.
"""

import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lstm_composer.runtime.midi.held_keys import LONGEST_HELD_SECONDS
from tests.support.waiting import wait_for

jack = pytest.importorskip("jack", reason="needs JACK-Client")

OURS, OUR_INPUT = "LSTM Composer:LSTM Composer", "LSTM Composer:LSTM Composer in"
PATIENCE_SECONDS = 20.0
TEMPO_BPM = 240
PULSE_FRAMES = 48_000 * 60 // TEMPO_BPM // 24
BAR_PULSES = 96
TOLERANCE_FRAMES = 4_800  # 100 ms: the machine may be busy; what was lost began with a quarter of a second
FAR_FRAMES = 48_000  # a second, for the same reason: all bars before took eighteen
START, CONTINUE, STOP, CLOCK = b"\xfa", b"\xfb", b"\xfc", b"\xf8"
BAR_1000 = bytes([0xF2, (999 * 16) & 0x7F, (999 * 16) >> 7])
PANIC = [bytes([0xB0 | channel, number, 0]) for channel in range(16) for number in (120, 123)]
RESET = [bytes([0xB0 | channel, number, 0]) for channel in range(16) for number in (121, 64)]
NOTE_OFFS = [bytes([0x80 | channel, pitch, 0]) for channel in range(16) for pitch in range(0, 128, 2)]

pytestmark = pytest.mark.timeout(120)


class Daw:
    """Sends messages in their frames, and keeps what comes in with its frame."""

    def __init__(self, name: str = "daw") -> None:
        self.client = jack.Client(name, no_start_server=True)
        self.output = self.client.midi_outports.register("out")
        self.input = self.client.midi_inports.register("in")
        self.waiting: deque[tuple[int, bytes]] = deque()
        self.heard: list[tuple[int, bytes]] = []
        self.client.set_process_callback(self.process)

    def process(self, frames: int) -> None:
        start = self.client.last_frame_time
        self.output.clear_buffer()
        self.heard += [(start + offset, bytes(data)) for offset, data in self.input.incoming_midi_events()]
        while self.waiting and self.waiting[0][0] < start + frames:
            frame, data = self.waiting.popleft()
            self.output.write_midi_event(max(0, frame - start), data)

    def connect(self, source: Any, destination: Any) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self.client.connect(source, destination)
            except jack.JackError:
                assert time.monotonic() < end, f"{source} could not be connected to {destination}"
                time.sleep(0.05)
            else:
                return

    def wait_until(self, frame: int) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while self.client.last_frame_time < frame:
            assert time.monotonic() < end, "JACK stands still"
            time.sleep(0.02)

    def bar(
        self, before: Sequence[bytes], between: Sequence[bytes], after: Sequence[bytes], begin: bytes = START
    ) -> list[tuple[int, bytes]]:
        """Play a bar from Start to Stop with messages around Start; returns the starts of notes, from the downbeat."""
        downbeat = self.client.frame_time + 9_600
        together = [*before, begin, *between, CLOCK, *after]
        pulses = [(downbeat + number * PULSE_FRAMES, CLOCK) for number in range(1, BAR_PULSES)]
        end = downbeat + BAR_PULSES * PULSE_FRAMES - PULSE_FRAMES * 4 // 5
        self.waiting.extend([*((downbeat, data) for data in together), *pulses, (end, STOP)])
        self.wait_until(end + 9_600)
        return [(frame - downbeat, data) for frame, data in self.heard if data[0] == 0x90 and frame >= downbeat]


@pytest.fixture
def daw(jack_server: Any) -> Iterator[Daw]:
    daw = Daw()
    with daw.client:
        yield daw


@contextmanager
def playing(tiny_models: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [
        *(sys.executable, "-m", "lstm_composer", "play", "--style", "scale", "--models-dir", str(tiny_models)),
        *("--seed", "3", "--temperature", "0", "--tempo", str(TEMPO_BPM), "--backend", "jack", *arguments),
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_SECONDS) == 0
        finally:
            process.kill()


def left_on(heard: Sequence[tuple[int, bytes]]) -> set[int]:
    sounding: set[int] = set()
    for _, data in heard:
        if data[0] == 0x90:
            sounding.add(data[1])
        elif data[0] == 0x80:
            sounding.discard(data[1])
    return sounding


def test_a_panic_with_start_leaves_the_first_bar_whole(daw: Daw, tiny_models: Path) -> None:
    everything = [*PANIC, *RESET, *NOTE_OFFS]
    orders: list[tuple[Sequence[bytes], Sequence[bytes], Sequence[bytes]]] = [
        *((PANIC, (), ()), ((), PANIC, ()), ((), (), PANIC), (PANIC[:2], (), ())),
        *((everything, (), ()), ((), everything, ())),
    ]
    with playing(tiny_models, "--sync", "midi"):
        daw.connect(OURS, daw.input)
        daw.connect(daw.output, OUR_INPUT)
        plain = daw.bar((), (), ())
        assert len(plain) == 4
        for before, between, after in orders:
            daw.heard.clear()
            struck = daw.bar(before, between, after)
            assert [data for _, data in struck] == [data for _, data in plain]
            assert 0 <= struck[0][0] <= TOLERANCE_FRAMES
            for (frame, _), (expected, _) in zip(struck, plain, strict=True):
                assert abs(frame - expected) <= TOLERANCE_FRAMES
            assert left_on(daw.heard) == set()


def test_a_far_position_is_played_at_once_and_the_same_each_time(daw: Daw, tiny_models: Path) -> None:
    with playing(tiny_models, "--sync", "midi", "--form", "AB"):
        daw.connect(OURS, daw.input)
        daw.connect(daw.output, OUR_INPUT)
        far = daw.bar([BAR_1000], (), (), CONTINUE)
        assert 0 <= far[0][0] <= FAR_FRAMES
        assert len(far) >= 3  # of four: on a busy machine the first may come too late to be struck
        assert len(daw.bar((), (), ())) == 4
        again = [data for _, data in daw.bar([BAR_1000], (), (), CONTINUE)]
        assert again[-len(far) :] == [data for _, data in far][-len(again) :]


def test_panics_twice_a_second_cost_no_note(daw: Daw, tiny_models: Path) -> None:
    with playing(tiny_models, "--sync", "internal"):
        daw.connect(OURS, daw.input)
        daw.connect(daw.output, OUR_INPUT)
        begin = daw.client.frame_time + 72_000
        for number in range(6):
            daw.waiting.extend((begin + number * 24_000, data) for data in PANIC)
        daw.wait_until(begin + 6 * 24_000)
    struck = [frame for frame, data in daw.heard if data[0] == 0x90 and frame > begin]
    assert len(struck) >= 11  # four a second
    assert_on_one_grid(struck)
    assert left_on(daw.heard) == set()


def test_what_began_while_we_were_stopped_is_not_heard(daw: Daw, tiny_models: Path) -> None:
    with playing(tiny_models, "--sync", "internal") as process:
        daw.connect(OURS, daw.input)
        wait_for(lambda: len(daw.heard) > 6, "music")
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.1)
        heard = len(daw.heard)
        process.send_signal(signal.SIGCONT)
        wait_for(lambda: sum(data[0] == 0x90 for _, data in daw.heard[heard:]) >= 4, "music")
    assert_on_one_grid([frame for frame, data in daw.heard if data[0] == 0x90])
    assert left_on(daw.heard) == set()


def test_a_keyboard_that_goes_away_lets_go_of_its_keys(daw: Daw, tiny_models: Path) -> None:
    def struck() -> int:
        return sum(data[0] == 0x90 for _, data in daw.heard)

    with playing(tiny_models, "--sync", "internal", "--listen", "continue"):
        daw.connect(OURS, daw.input)
        wait_for(lambda: struck() >= 2, "music")
        keyboard = Daw("keyboard")
        with keyboard.client:
            keyboard.connect(keyboard.output, OUR_INPUT)
            keyboard.waiting.append((keyboard.client.frame_time + 4_800, b"\x90\x40\x50"))
            keyboard.wait_until(keyboard.client.frame_time + 48_000)
            silent = struck()
            keyboard.wait_until(keyboard.client.frame_time + 48_000)
            assert struck() == silent
        gone = time.monotonic()
        wait_for(lambda: struck() > silent, "music")
        assert time.monotonic() - gone < LONGEST_HELD_SECONDS / 2
    assert left_on(daw.heard) == set()


def assert_on_one_grid(frames: Sequence[int]) -> None:
    """The notes of the tiny style are quarters: each is a whole number of them behind the first."""
    quarter = 24 * PULSE_FRAMES
    for frame in frames:
        off = (frame - frames[0] + quarter // 2) % quarter - quarter // 2
        assert abs(off) <= TOLERANCE_FRAMES, [one - frames[0] for one in frames]
