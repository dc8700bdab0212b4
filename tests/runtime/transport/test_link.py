"""Ableton Link: a timeline that others share, joined on a bar line."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from lstm_composer.runtime.testing import FakeClock
from lstm_composer.runtime.transport.link import SETTLE_SECONDS, LinkTransport
from lstm_composer.runtime.transport.transport import TransportEventKind

BAR = 96


@dataclass
class FakeSession:
    """A timeline that runs by a fake clock, and that tests move."""

    clock: FakeClock
    tempo: float = 120.0
    playing: bool = False
    at_seconds: float = 0.0
    at_beat: float = 0.0

    @property
    def beat(self) -> float:
        return self.at_beat + (self.clock.now() - self.at_seconds) * self.tempo / 60

    def set_tempo(self, tempo: float) -> None:
        self.at_beat, self.at_seconds, self.tempo = self.beat, self.clock.now(), tempo

    def jump_to(self, beat: float) -> None:
        self.at_beat, self.at_seconds = beat, self.clock.now()


@dataclass
class Rig:
    """A transport on a session; `run` lets time pass, looking 50 times a second."""

    clock: FakeClock
    session: FakeSession
    transport: LinkTransport

    def run(self, seconds: float) -> list[tuple[TransportEventKind, int]]:
        found: list[tuple[TransportEventKind, int]] = []
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            found += [(move.kind, move.tick) for move in self.transport.moves(self.clock.now())]
            self.clock.jump(0.02)
        return found

    def error(self, tick: int) -> float:
        """Quarter notes from where a position of ours is in its bar to where Link's beat is then."""
        beat = self.session.beat + (self.transport.seconds_at(tick) - self.clock.now()) * self.session.tempo / 60
        return (beat - tick / 24 + 2) % 4 - 2

    def running(self) -> bool:
        return self.transport.running


@pytest.fixture
def rig() -> Rig:
    clock = FakeClock(7.0)
    session = FakeSession(clock, at_beat=1.3)
    return Rig(clock, session, LinkTransport(session, clock, 4))


STARTED = [(TransportEventKind.LOCATE, 0), (TransportEventKind.START, 0)]


def test_it_joins_on_a_bar_line_once_others_have_been_found(rig: Rig) -> None:
    assert rig.run(SETTLE_SECONDS - 0.05) == []
    assert not rig.running()
    assert rig.run(0.1) == STARTED
    assert rig.running()
    assert rig.error(0) == pytest.approx(0)
    assert 0 <= rig.transport.seconds_at(0) - rig.clock.now() < 2.0


def test_positions_and_times_are_inverses(rig: Rig) -> None:
    rig.run(1.7)
    for tick in range(-30, 500, 7):
        assert rig.transport.tick_at(rig.transport.seconds_at(tick)) == tick
        assert rig.transport.tick_at(rig.transport.seconds_at(tick) - 1e-6) == tick - 1


def test_a_change_of_tempo_is_followed_at_once(rig: Rig) -> None:
    rig.run(5.0)
    rig.session.set_tempo(97.0)
    (kind, tick), *others = rig.run(0.02)
    assert (kind, others) == (TransportEventKind.RETIME, [])
    assert tick == rig.transport.tick_at(rig.clock.now() - 0.02)
    assert rig.transport.tempo_bpm == 97.0
    for later in (tick + 1, tick + 500):
        assert rig.error(later) == pytest.approx(0, abs=1e-6)
    assert rig.run(3.0) == []


def test_a_clock_that_runs_at_another_speed_is_pulled_in_smoothly(rig: Rig) -> None:
    rig.run(2.0)
    for _ in range(500):
        rig.session.at_seconds -= 2e-6  # 100 parts in a million
        assert rig.run(0.02) == []
        assert abs(rig.error(480)) < 0.001


def test_a_session_that_is_joined_moves_the_beats_and_not_the_count_of_bars(rig: Rig) -> None:
    rig.run(9.0)
    before = rig.transport.tick_at(rig.clock.now())
    rig.session.jump_to(1002.6)
    (stop, tick), (locate, there), (start, here) = rig.run(0.02)
    assert (stop, locate, start) == (TransportEventKind.STOP, TransportEventKind.LOCATE, TransportEventKind.START)
    assert tick == there == here
    assert abs(tick - before) <= BAR / 2 + 2
    assert rig.error(10 * BAR) == pytest.approx(0, abs=1e-6)


def test_stop_and_start_are_obeyed(rig: Rig) -> None:
    rig.run(5.0)
    rig.session.playing = True
    (stop, _), *started = rig.run(0.02)
    assert (stop, started) == (TransportEventKind.STOP, STARTED)
    assert rig.error(0) == pytest.approx(0, abs=1e-6)
    assert rig.run(4.0) == []
    position = rig.transport.tick_at(rig.clock.now())
    rig.session.playing = False
    assert rig.run(0.02) == [(TransportEventKind.STOP, position)]
    assert not rig.running()
    assert rig.run(3.0) == []
    rig.session.playing = True
    assert rig.run(0.02) == STARTED


def test_a_session_that_plays_already_is_joined_and_not_started_again(rig: Rig) -> None:
    rig.run(0.5)
    rig.session.playing = True
    assert rig.run(3.0) == STARTED


@pytest.mark.thorough
def test_two_programs_in_a_network_of_their_own(tmp_path: Path, tiny_models: Path) -> None:
    pytest.importorskip("aalink")
    link = pytest.importorskip("benchmarks.playing.link")
    if not link.can_be_alone():
        pytest.skip("needs Linux, and the right to make a network namespace")
    music = ("--style", "scale", "--models-dir", str(tiny_models), "--seed", "1", "--temperature", "0")
    onsets, lines = link.play(music, tmp_path)
    changed, started, stopped, again = (line["seconds"] for line in lines if "set" in line)
    assert max(line.get("peers", 0) for line in lines) == 1
    eighth_of_a_beat = 0.125  # how near they are beyond that is for benchmarks/playing/link.py to say
    assert all(abs(one.error_beats) < eighth_of_a_beat for one in onsets)
    for first, last in ((0.0, changed), (changed + 60 / 140, started), (started, stopped), (again, again + 10)):
        assert any(first < one.seconds < last for one in onsets)
    assert not any(stopped + 0.5 < one.seconds < again for one in onsets)
    bar = 4 * 60 / 140
    assert any(one.tick == 0 for one in onsets if started < one.seconds < started + bar + 0.1)
