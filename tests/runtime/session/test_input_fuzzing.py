"""Whatever bytes come in: no exception, a position that fits its time, and what comes afterwards is obeyed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, tick_seconds
from lstm_composer.runtime.session.loading import LoadedComposer, load_composer
from lstm_composer.runtime.session.settings import MusicSettings, PlaySettings
from lstm_composer.runtime.testing import FakeSession
from lstm_composer.runtime.transport.transport import TransportEventKind

TEMPO_BPM = 120.0
Known = tuple[MusicSettings, LoadedComposer]
PULSE, START, STOP = b"\xf8", b"\xfa", b"\xfc"

CLOCKS = st.sampled_from([PULSE, START, b"\xfb", STOP, b"\xf2", b"\xf2\x10", b"\xf2\x7f\x7f", b"\xf2\x00\x00\x00"])
CHANNELS = st.tuples(st.integers(0x80, 0xFF), st.integers(0, 255), st.integers(0, 255)).map(bytes)
MESSAGES = CLOCKS | CHANNELS | st.binary(max_size=8) | st.binary(max_size=40).map(lambda data: b"\xf0" + data)
GAPS = st.sampled_from([0.0, 1e-6, 0.001, tick_seconds(TEMPO_BPM), 0.1, 1.0])


class Rig:
    """A session whose dispatcher stands still; messages come in, and time passes."""

    def __init__(self, known: Known, *, leading: bool) -> None:
        music, composer = known
        self.playing = FakeSession(PlaySettings(music=music, sync="auto" if leading else "midi"), composer)
        session = self.playing.session
        assert session.control is not None
        self.conductor, self.steering, self.requests = session.transport, session.control, session.requests

    @property
    def now(self) -> float:
        return self.playing.clock.now()

    def hear(self, message: bytes, gap_seconds: float) -> None:
        self.playing.clock.jump(gap_seconds)
        self.playing.port.receive(message)

    def check(self) -> None:
        assert all(move.tick >= 0 for move in self.conductor.moves(self.now) if move.kind is TransportEventKind.START)
        tick = self.conductor.tick_at(self.now)
        assert self.conductor.seconds_at(tick) <= self.now + 1e-9
        assert self.conductor.seconds_at(tick + 1) > self.conductor.seconds_at(tick)
        assert self.conductor.tempo_bpm > 0.0


@pytest.fixture(scope="module")
def known(tiny_models: Path) -> Known:
    music = MusicSettings(
        style="scale", seed=1, temperature=0.0, tempo_bpm=TEMPO_BPM, device="cpu", models_dirs=(tiny_models,)
    )
    return music, load_composer(music)


@given(heard=st.lists(st.tuples(MESSAGES, GAPS), max_size=60), leading=st.booleans())
def test_any_bytes_at_any_time(known: Known, heard: list[tuple[bytes, float]], leading: bool) -> None:  # noqa: FBT001
    rig = Rig(known, leading=leading)
    for index, (message, gap) in enumerate(heard):
        rig.hear(message, gap)
        if index % 7 == 0:
            rig.check()
    rig.check()
    rig.steering.apply_pending()
    _obeys(rig)


def _obeys(rig: Rig) -> None:
    """A DAW that is started afterwards is followed, and a knob turned afterwards is heard."""
    seconds = tick_seconds(97.0)
    rig.hear(STOP, 5.0)
    for _ in range(2 * TICKS_PER_QUARTER):
        rig.hear(PULSE, seconds)
    rig.check()
    rig.hear(START, seconds / 2)
    moves = []
    for _ in range(TICKS_PER_QUARTER + 1):
        rig.hear(PULSE, seconds)
        moves += rig.conductor.moves(rig.now)
    assert rig.conductor.running
    assert rig.conductor.tick_at(rig.now + seconds / 2) == TICKS_PER_QUARTER
    assert rig.conductor.tempo_bpm == pytest.approx(97.0, rel=1e-3)
    assert [move.tick for move in moves if move.kind is TransportEventKind.START] == [0]
    rig.requests.take_panics()
    rig.hear(b"\xb5\x46\x7f", 0.0)
    rig.hear(b"\xb5\x78\x00", 0.0)
    rig.steering.apply_pending()
    assert rig.steering.parameters.velocity_range == 2.0
    assert rig.requests.take_panics() == [rig.now]
