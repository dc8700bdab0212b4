"""The whole instrument behind a fake clock: whatever transport, knobs, player and port do, nothing is left on.

The session is that of `play`; only the clock, the port and who is at the other end of it are the test's.
"""

from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_composer.runtime.generation.ensemble import Plan
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.midi.input import CONTINUE, PULSE, SONG_POSITION, START, STOP
from lstm_composer.runtime.midi.messages import Kind
from lstm_composer.runtime.music.notes import tick_seconds
from lstm_composer.runtime.session.call_and_response import CallAndResponse
from lstm_composer.runtime.session.settings import Listen
from tests.runtime.conftest import Stage
from tests.support.quick import examples

BAR = 96
SEED = 3


CLOCKS = st.one_of(
    st.tuples(st.just("pulses"), st.integers(1, 100), st.sampled_from([97.0, 120.0, 200.0, 300.0])),
    st.tuples(st.just("clock"), st.sampled_from([START, STOP, CONTINUE]), st.none()),
    st.tuples(st.just("locate"), st.integers(0, 200), st.none()),
)
LINES = st.sampled_from(
    [
        *("hold 1", "hold 2", "hold off", "variation 0.4", "variation 0", "new", "panic", "mute on", "mute off"),
        *(
            "key Eb minor",
            "key off",
            "density 0.9",
            "swing 1",
            "humanise 1",
            "temperature 0.2",
            "register 50 70",
            "nonsense",
        ),
    ]
)
BYTES = st.builds(lambda number, value: bytes([0xB0, number, value]), st.integers(70, 82), st.integers(0, 127))
KEYS = st.builds(lambda pitch, velocity: bytes([0x90, pitch, velocity]), st.integers(58, 62), st.sampled_from([0, 90]))
EVENTS = st.one_of(
    CLOCKS,
    st.tuples(st.just("turn"), LINES | BYTES, st.none()),
    st.tuples(st.just("bytes"), KEYS, st.none()),
    st.tuples(st.just("wait"), st.integers(1, 30), st.none()),
    st.tuples(st.sampled_from(["away", "back"]), st.none(), st.none()),
)


def timed(events: list[tuple[str, Any, Any]]) -> list[tuple[float, str, Any]]:
    """Give the events their times; in the end the port is back."""
    script: list[tuple[float, str, Any]] = []
    now = 0.2
    for kind, value, bpm in events:
        now += 0.013
        if kind == "pulses":
            script += [(now + count * tick_seconds(bpm), "bytes", bytes([PULSE])) for count in range(value)]
            now += value * tick_seconds(bpm)
        elif kind == "clock":
            script.append((now, "bytes", bytes([value])))
        elif kind == "locate":
            script.append((now, "bytes", bytes([SONG_POSITION, value & 0x7F, value >> 7])))
        elif kind == "wait":
            now += value * 0.05
        else:
            script.append((now, kind, value))
    return [*script, (now + 0.1, "back", None), (now + 0.3, "end", None)]


@settings(max_examples=examples(120))
@given(
    events=st.lists(EVENTS, min_size=1, max_size=25),
    lead=st.sampled_from([0.0, 0.1]),
    mode=st.sampled_from(get_args(Listen)),
    voices=st.integers(1, 2),
    form=st.sampled_from([None, "AB"]),
    own=st.booleans(),
)
def test_whatever_happens(
    tiny: Engine,
    events: list[tuple[str, Any, Any]],
    *,
    lead: float,
    mode: Listen,
    voices: int,
    form: str | None,
    own: bool,
) -> None:
    script = timed(events)
    away = away_between(script)
    listen = None if mode == "off" else CallAndResponse(mode=mode, bar_ticks=BAR, beat_ticks=24)
    played = Stage(
        tiny,
        voices=voices,
        plan=Plan(form=form, section_bars=1),
        seed=SEED,
        lead_seconds=lead,
        listen=listen,
        sync="auto" if own else "midi",
        shortest_bars=4,
        away_between=away,
    )
    for seconds, kind, value in script:
        if kind in ("bytes", "turn"):
            played.at_seconds(seconds, value)
    played.at_seconds(script[-1][0], played.stop.set)
    played.play()
    assert played.left_on() == set()
    times = [when for _, when in played.port.sent]
    assert times == sorted(times)
    assert [one.message for one in played.sent] == played.port.messages
    assert all(one.sent_seconds >= one.due_seconds - 1e-9 for one in played.sent)
    starts = sum(one.message.kind is Kind.NOTE_ON for one in played.sent)
    assert len(played.take.music().notes) == starts
    assert played.stream.problem is None
    assert all("nonsense" in problem or "no note of" in problem for problem in played.problems)


def away_between(script: list[tuple[float, str, Any]]) -> list[tuple[float, float]]:
    """The times between which the port is away: from each time that it goes to the next that it is back."""
    comes = [(seconds, kind) for seconds, kind, _ in script if kind in ("away", "back")]
    return [
        (seconds, next(later for later, what in comes[index:] if what == "back"))
        for index, (seconds, kind) in enumerate(comes)
        if kind == "away"
    ]
