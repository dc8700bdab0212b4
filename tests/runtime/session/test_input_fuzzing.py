"""Whatever bytes come in: no exception, a position that fits its time, and what comes afterwards is obeyed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.generation.lookahead import LookAhead
from runtime.music.notes import TICKS_PER_QUARTER, tick_seconds
from runtime.session.live_control import LiveControl
from runtime.session.loading import load_composer
from runtime.session.midi_input import MidiInputRouter
from runtime.session.settings import MusicSettings
from runtime.transport.external import ClockInbox, ExternalSyncTransport
from runtime.transport.transport import InternalTransport, TransportEventKind

TEMPO_BPM = 120.0
PULSE, START, STOP = b"\xf8", b"\xfa", b"\xfc"

CLOCKS = st.sampled_from([PULSE, START, b"\xfb", STOP, b"\xf2", b"\xf2\x10", b"\xf2\x7f\x7f", b"\xf2\x00\x00\x00"])
CHANNELS = st.tuples(st.integers(0x80, 0xFF), st.integers(0, 255), st.integers(0, 255)).map(bytes)
MESSAGES = CLOCKS | CHANNELS | st.binary(max_size=8) | st.binary(max_size=40).map(lambda data: b"\xf0" + data)
GAPS = st.sampled_from([0.0, 1e-6, 0.001, tick_seconds(TEMPO_BPM), 0.1, 1.0])


class Rig:
    """Everything behind the input, without threads."""

    def __init__(self, settings: MusicSettings, *, leading: bool) -> None:
        prepared = load_composer(settings)
        assert prepared.controllable is not None
        self.router = MidiInputRouter(ClockInbox())
        self.conductor = ExternalSyncTransport(
            self.router.inbox or ClockInbox(), InternalTransport(0.0, TEMPO_BPM) if leading else None, TEMPO_BPM
        )
        stream = LookAhead(prepared.advance, prepared.cursor, bar_ticks=96, ahead_ticks=192, end_tick=None)
        self.panics: list[None] = []
        self.steering = LiveControl(
            prepared.controllable, 1, stream, panic=lambda _: self.panics.append(None), complain=lambda _: None
        )
        self.router.on_channel = self.steering.submit
        self.now = 0.0

    def hear(self, message: bytes, gap_seconds: float) -> None:
        self.now += gap_seconds
        self.router.receive(message, self.now)

    def check(self) -> None:
        assert all(move.tick >= 0 for move in self.conductor.moves(self.now) if move.kind is TransportEventKind.START)
        tick = self.conductor.tick_at(self.now)
        assert self.conductor.seconds_at(tick) <= self.now + 1e-9
        assert self.conductor.seconds_at(tick + 1) > self.conductor.seconds_at(tick)
        assert self.conductor.tempo_bpm > 0.0


@pytest.fixture(scope="module")
def known(tiny_models) -> MusicSettings:
    return MusicSettings(style="scale", seed=1, temperature=0.0, device="cpu", models_dirs=(tiny_models,))


@given(heard=st.lists(st.tuples(MESSAGES, GAPS), max_size=60), leading=st.booleans())
def test_any_bytes_at_any_time(known: MusicSettings, heard: list[tuple[bytes, float]], leading: bool) -> None:  # noqa: FBT001
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
    panics = len(rig.panics)
    rig.router.receive(b"\xb5\x46\x7f", rig.now)
    rig.router.receive(b"\xb5\x78\x00", rig.now)
    rig.steering.apply_pending()
    assert rig.steering.parameters.velocity_range == 2.0
    assert len(rig.panics) == panics + 1
