"""JACK's clock on a frame time of our own making."""

import threading
from dataclasses import dataclass

import pytest

from lstm_composer.runtime.ports.jack_clock import JackClock
from lstm_composer.runtime.testing import FakeClock

RATE = 48_000


@dataclass
class Server:
    """Counts frames with a sound card that may run fast, and only in 32 bits."""

    system: FakeClock
    first: int = 1000
    speed: float = 1.0
    jump: int = 0
    samplerate: int = RATE

    @property
    def frame_time(self) -> int:
        return (self.first + self.jump + round(self.system.now() * RATE * self.speed)) % 2**32


@pytest.fixture
def system() -> FakeClock:
    return FakeClock()


@pytest.fixture
def lost() -> threading.Event:
    return threading.Event()


def test_it_runs_with_the_sound_card(system: FakeClock, lost: threading.Event) -> None:
    clock = JackClock(Server(system, speed=1.01), lost, system)
    start = clock.now()
    for _ in range(1000):
        system.jump(1.0)
        clock.now()
    assert clock.now() - start == pytest.approx(1010.0, abs=1e-4)


def test_it_goes_on_where_the_count_wraps(system: FakeClock, lost: threading.Event) -> None:
    clock = JackClock(Server(system, first=2**32 - 100), lost, system)
    before = clock.frame()
    system.jump(1.0)
    assert clock.frame() == before + RATE
    system.jump(1.0)
    assert clock.now() == pytest.approx((2**32 - 100) / RATE + 2.0)


@pytest.mark.parametrize("readings", [0, 1])
@pytest.mark.parametrize("jump", [0, 60 * RATE, -60 * RATE])
def test_it_keeps_the_beat_when_the_server_dies(
    system: FakeClock, lost: threading.Event, jump: int, readings: int
) -> None:
    server = Server(system)
    clock = JackClock(server, lost, system)
    system.jump(5.0)
    before = clock.now()
    server.jump = jump
    for _ in range(readings):
        clock.now()
    lost.set()
    assert clock.now() == pytest.approx(before, abs=1e-4)
    system.jump(2.0)
    assert clock.now() == pytest.approx(before + 2.0, abs=1e-4)


def test_a_wait_ends_when_the_server_dies_during_it(lost: threading.Event) -> None:
    @dataclass
    class Dying:
        """Jumps back by an hour at the second reading, and is known to be lost after the fourth."""

        samplerate: int = RATE
        readings: int = 0

        @property
        def frame_time(self) -> int:
            self.readings += 1
            if self.readings == 4:
                lost.set()
            return 10_000 * RATE if self.readings == 1 else 6_400 * RATE

    clock = JackClock(Dying(), lost)
    assert clock.wait_until(10_000.05, threading.Event())


@pytest.mark.parametrize("jump", [2**31 - 1, 2**31 + 1, -(2**31) + 1, 3_000_000_000, 10 * RATE, -10 * RATE])
@pytest.mark.parametrize("readings", [1, 2])
def test_a_reading_far_off_changes_nothing(system: FakeClock, lost: threading.Event, jump: int, readings: int) -> None:
    server = Server(system)
    clock = JackClock(server, lost, system)
    for second in range(1, 10):
        system.jump(1.0)
        server.jump = jump
        for _ in range(readings):
            assert clock.now() == pytest.approx(second + 1000 / RATE)
        server.jump = 0
        assert clock.now() == pytest.approx(second + 1000 / RATE)
    assert clock.unwrapped(server.frame_time) == clock.frame()


def test_a_server_that_counts_otherwise_is_followed(system: FakeClock, lost: threading.Event) -> None:
    server = Server(system)
    clock = JackClock(server, lost, system)
    server.jump = 60 * RATE
    assert [round(clock.now()) for _ in range(5)] == [0, 0, 0, 60, 60]
