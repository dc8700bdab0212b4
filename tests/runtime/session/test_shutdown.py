"""Whatever a DAW, a player, knobs, the engine and the port do: nothing sounds at the end or comes early, all is kept.

Issue 4, point 7. Each example is a script: what happens when, on a fake clock, to everything that `play` puts together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, get_args

import mido
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lstm_composer.runtime.generation import lookahead
from lstm_composer.runtime.generation.ensemble import Plan
from lstm_composer.runtime.generation.voice import Advance
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.midi.input import CONTINUE, PULSE, SONG_POSITION, START, STOP
from lstm_composer.runtime.midi.messages import Kind, Message
from lstm_composer.runtime.midi.writer import midi_bytes
from lstm_composer.runtime.music.notes import Meter, end_of, tick_seconds
from lstm_composer.runtime.ports.base import PortLostError
from lstm_composer.runtime.session.call_and_response import CallAndResponse
from lstm_composer.runtime.session.settings import Listen
from tests.support.quick import examples

BAR, BEAT = 96, 24
TEMPOS = [60.0, 97.0, 120.0, 140.0, 240.0]
LINES = [
    *("hold 1", "hold 2", "hold 8", "hold off", "new", "panic", "variation 0", "variation 0.5", "variation 1"),
    *("key E major", "key off", "register 50 60", "register 0 127", "temperature 0", "temperature 2", "density 1"),
    *("mute on", "mute off", "humanise 1", "humanise 0", "swing 1", "velocity 1", "style one", "nonsense", "key H"),
    *("accents 1", "returns 1", "transpose 24", "transpose -1", "transpose 0"),
]
Make = Callable[..., Any]
Step = tuple[str, Any]

CONTROL = st.one_of(
    st.tuples(st.just("line"), st.sampled_from(LINES)),
    st.tuples(st.just("line"), st.text(max_size=12)),
    st.tuples(
        st.just("bytes"),
        st.builds(lambda number, value: bytes([0xB0, number, value]), st.integers(0, 127), st.integers(0, 127)),
    ),
    st.tuples(st.just("bytes"), st.binary(max_size=4)),
)
SENDER = st.one_of(
    st.tuples(st.sampled_from(["start", "stop", "continue"]), st.none()),
    st.tuples(st.just("locate"), st.integers(0, 400)),
    st.tuples(
        st.just("pulses"),
        st.tuples(st.integers(1, 150), st.sampled_from(TEMPOS), st.frozensets(st.integers(0, 150), max_size=4)),
    ),
)
PLAYER = st.tuples(st.just("note"), st.tuples(st.integers(0, 127), st.floats(0.0, 2.0), st.booleans()))
TIME = st.tuples(st.just("wait"), st.floats(0.0, 2.0))
STEPS = st.lists(st.one_of(CONTROL, CONTROL, SENDER, SENDER, PLAYER, TIME), max_size=14)


@dataclass(frozen=True)
class Scene:
    """Who plays, how, and what goes wrong."""

    voices: int
    form: str | None
    ending_bars: int | None
    listen: Listen
    lead_seconds: float
    early_seconds: float
    own_tempo: bool
    failing: frozenset[int]
    lost_at: int | None


SCENES = st.builds(
    Scene,
    voices=st.sampled_from([1, 1, 2]),
    form=st.sampled_from([None, "AAB"]),
    ending_bars=st.sampled_from([None, None, 3]),
    listen=st.sampled_from(get_args(Listen)),
    lead_seconds=st.sampled_from([0.0, 0.1]),
    early_seconds=st.sampled_from([0.0, 0.0, 0.02, -0.05]),
    own_tempo=st.booleans(),
    failing=st.frozensets(st.integers(1, 150), max_size=3),
    lost_at=st.none() | st.integers(1, 60),
)


@pytest.fixture(autouse=True, scope="module")
def _no_waiting() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookahead, "WAIT_SECONDS", 0.0)
        yield


def spoiling(failing: frozenset[int]) -> Callable[[Advance], Advance]:
    """Have the engine fail at these calls."""
    calls = iter(range(1, 10**9))

    def wrap(advance: Advance) -> Advance:
        def advance_or_fail(place: Any) -> Any:
            if next(calls) in failing:
                raise RuntimeError("failed")
            return advance(place)

        return advance_or_fail

    return wrap


def built(engine: Engine, stage: Make, scene: Scene) -> Any:
    end_tick = None if scene.ending_bars is None else scene.ending_bars * BAR
    listen = (
        None
        if scene.listen == "off"
        else CallAndResponse(mode=scene.listen, bar_ticks=BAR, beat_ticks=BEAT, turn_bars=1)
    )
    return stage(
        engine,
        voices=scene.voices,
        plan=Plan(form=scene.form, section_bars=1, end_tick=end_tick),
        bars=scene.ending_bars,
        lead_seconds=scene.lead_seconds,
        early_seconds=scene.early_seconds,
        listen=listen,
        sync="auto" if scene.own_tempo else "midi",
        wrap=spoiling(scene.failing),
        shortest_bars=2,
    )


def written(steps: list[Step], played: Any) -> float:  # noqa: C901 - a case for each kind of step
    """Put the script on the stage; returns when it is over."""
    now = 0.3

    def comes(seconds: float, *message: int) -> None:
        played.at_seconds(seconds, lambda: played.port.receive(bytes(message), seconds))

    for kind, value in steps:
        now += 0.003
        match kind:
            case "line" | "bytes":
                played.at_seconds(now, value)
            case "wait":
                now += value
            case "locate":
                comes(now, SONG_POSITION, value & 0x7F, value >> 7)
            case "note":
                pitch, length, let_go = value
                comes(now, 0x90, pitch, 90)
                if let_go:
                    comes(now + length, 0x80, pitch, 0)
            case "pulses":
                count, bpm, lost = value
                for number in range(count):
                    if number not in lost:
                        comes(now + number * tick_seconds(bpm), PULSE)
                now += count * tick_seconds(bpm)
            case _:
                comes(now, {"start": START, "stop": STOP, "continue": CONTINUE}[kind])
    return now


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scene=SCENES, steps=STEPS)
def test_whatever_happens(tiny: Engine, stage: Make, scene: Scene, steps: list[Step]) -> None:
    played = built(tiny, stage, scene)
    end = written(steps, played)
    played.at_seconds(end + 1.5, played.stop.set, played.session.requests.look)
    too_early: list[Message] = []

    def watch(message: Message) -> None:
        if scene.lost_at is not None and len(played.port.sent) >= scene.lost_at:
            raise PortLostError("gone")
        at = played.transport.seconds_at(message.tick) - scene.early_seconds - scene.lead_seconds
        if message.kind is Kind.NOTE_ON and played.clock.now() < at - 1e-9:
            too_early.append(message)

    played.port.on_send = watch
    lost = False
    try:
        played.play()
    except PortLostError:
        lost = True
    assert played.left_on() == set() or lost
    assert too_early == []
    assert all(one.sent_seconds >= one.due_seconds - 1e-9 for one in played.sent)
    assert [one.message for one in played.sent] == [message for message, _ in played.port.sent]
    times = [when for _, when in played.port.sent]
    assert times == sorted(times)
    assert_take_is_whole(played)


def assert_take_is_whole(played: Any) -> None:
    """Every note that was struck is in the take, and the take is a file that can be read."""
    music = played.take.music()
    assert len(music.notes) == len(played.starts())
    assert all(note.onset >= 0 and note.duration >= 1 for note in music.notes)
    (_, tempo), *changes = music.tempos or [(0, 120.0)]
    data = midi_bytes(
        music.notes,
        tempo_bpm=tempo,
        tempo_changes=changes,
        meter=Meter(4, 4),
        end_tick=end_of(music.notes),
        channels=played.channels,
    )
    file = mido.MidiFile(file=BytesIO(data))
    struck = [message for track in file.tracks for message in track if message.type == "note_on"]
    assert len(struck) == len(music.notes)


@settings(max_examples=examples(25), deadline=None)
@example(lines=[(173, "register 50 60")], voices=1, form="AAB")
@example(lines=[(1, "hold 1"), (89, "register 50 60")], voices=1, form=None)
@given(
    lines=st.lists(st.tuples(st.integers(1, 7 * BAR), st.sampled_from(LINES)), max_size=8),
    voices=st.sampled_from([1, 2]),
    form=st.sampled_from([None, "AAB"]),
)
def test_whatever_is_turned_the_grid_holds_and_there_is_music(
    tiny: Engine, stage: Make, lines: list[tuple[int, str]], voices: int, form: str | None
) -> None:
    """By our own tempo every note has its tick's time, and unless it is muted no two bars are silent."""
    played = stage(tiny, voices=voices, plan=Plan(form=form, section_bars=2), bars=10)
    for tick, line in lines:
        played.at(tick, line)
    notes = played.play()
    assert played.left_on() == set()
    assert played.stream.rests == 0
    for one in played.sent:
        if one.message.kind is not Kind.CONTROL and not any("humanise" in line or line == "panic" for _, line in lines):
            assert one.due_seconds == pytest.approx(played.transport.seconds_at(one.message.tick))
    said = {line for _, line in lines}
    # What comes again leaves out the notes that a key or a register has forbidden since: that may be all of them.
    returns = form is not None or any(line.startswith("hold ") for line in said)
    thinned = returns and said & {"key E major", "register 50 60"}
    if not thinned and not said & {"mute on", "temperature 2", "panic"}:
        sounding = {note.onset // BAR for note in notes}
        assert all({bar, bar + 1, bar + 2} & sounding for bar in range(8))
    assert_take_is_whole(played)
