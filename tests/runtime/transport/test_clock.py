"""Clocks: deadlines are absolute, a stop ends a wait, a fake clock jumps."""

import threading

import pytest

from lstm_composer.runtime.testing import FakeClock
from lstm_composer.runtime.transport.clock import Clock, SystemClock, sleep_until


def stopped() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@pytest.mark.parametrize("clock", [SystemClock(), FakeClock(5.0)])
def test_a_wait_ends_at_or_after_its_deadline(clock: Clock) -> None:
    deadline = clock.now() + 0.03
    assert clock.wait_until(deadline, threading.Event())
    assert clock.now() >= deadline


@pytest.mark.parametrize("clock", [SystemClock(), FakeClock(5.0)])
def test_a_deadline_that_has_passed_is_reached_at_once(clock: Clock) -> None:
    assert clock.wait_until(clock.now() - 1.0, threading.Event())


@pytest.mark.parametrize("clock", [SystemClock(), FakeClock(5.0)])
def test_a_stop_comes_before_the_deadline(clock: Clock) -> None:
    assert not clock.wait_until(clock.now() + 3600.0, stopped())


def test_a_stop_during_a_wait_is_seen() -> None:
    stop = threading.Event()
    waiting = threading.Event()
    clock = SystemClock()

    def now() -> float:
        waiting.set()
        return clock.now()

    def set_stop() -> None:
        waiting.wait()
        stop.set()

    thread = threading.Thread(target=set_stop)
    thread.start()
    reached = sleep_until(now, clock.now() + 3600.0, stop)
    thread.join()
    assert not reached


def test_the_clock_is_read_again_so_that_one_at_half_speed_is_met() -> None:
    system = SystemClock()
    start = system.now()

    def half() -> float:
        return (system.now() - start) / 2.0

    assert sleep_until(half, 0.025, threading.Event())
    assert system.now() - start >= 0.05


def test_a_fake_clock_goes_where_it_is_sent() -> None:
    clock = FakeClock(10.0)
    clock.jump(2.5)
    assert clock.now() == 12.5
    clock.wait_until(20.0, threading.Event())
    assert clock.now() == 20.0
    clock.wait_until(1.0, threading.Event())
    assert clock.now() == 20.0


def test_a_fake_clock_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="cannot jump -1"):
        FakeClock().jump(-1.0)
