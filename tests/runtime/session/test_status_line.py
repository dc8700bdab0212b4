"""The line that a terminal shows while music plays."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from lstm_composer.runtime.generation.lookahead import LookAhead
from lstm_composer.runtime.generation.voice_state import EnsembleState, FreeState
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.runtime.playback.dispatcher import Dispatcher
from lstm_composer.runtime.playback.outbox import Outbox
from lstm_composer.runtime.ports import NullPort
from lstm_composer.runtime.session.loading import LoadedComposer
from lstm_composer.runtime.session.status_line import LiveLine, Reading, line, read
from lstm_composer.runtime.testing import FakeClock
from lstm_composer.runtime.transport.transport import InternalTransport
from tests.runtime.free_music import of_one


def quarters(cursor: EnsembleState) -> tuple[Note | None, EnsembleState]:
    return Note(cursor.onset, 60, 24, 80), replace(cursor, onset=cursor.onset + 24)


@pytest.fixture
def prepared(tiny: Engine) -> LoadedComposer:
    return LoadedComposer("bach", "cpu", 92.5, Meter(6, 8), quarters, of_one(FreeState(tiny.start())), None)


@pytest.mark.parametrize(
    ("reading", "place", "rest"),
    [
        (Reading(0, 0, 0, 0.0, 92.5), "bar 1 beat 1", "0 sounding  0.0 bars ahead  worst lateness 0.00 ms"),
        (Reading(35, 1, 72, 0.001, 92.5), "bar 1 beat 1", "1 sounding  1.0 bars ahead  worst lateness 1.00 ms"),
        (Reading(36, 4, 36, 0.00123, 92.5), "bar 1 beat 2", "4 sounding  0.5 bars ahead  worst lateness 1.23 ms"),
        (Reading(720, 4, 0, 2.0, 92.5), "bar 11 beat 1", "4 sounding  0.0 bars ahead  worst lateness 2000.00 ms"),
    ],
)
def test_what_it_says(prepared: LoadedComposer, reading: Reading, place: str, rest: str) -> None:
    assert line(prepared, reading) == f"bach  92.5 bpm 6/8  {place}  {rest}"


def test_it_is_read_off_the_dispatcher_and_the_look_ahead(prepared: LoadedComposer) -> None:
    clock = FakeClock(0.0)
    lookahead = LookAhead(quarters, prepared.cursor, bar_ticks=96, ahead_ticks=96)
    dispatcher = Dispatcher(Outbox(NullPort("none", clock)), InternalTransport(1.0, 125.0), lookahead, [1])
    assert read(dispatcher, lookahead) == Reading(0, 0, 0, 0.0, 125.0)
    clock.jump(3.0)
    assert read(dispatcher, lookahead) == Reading(100, 0, 0, 0.0, 125.0)


def test_a_terminal_shows_it_and_is_left_clean(prepared: LoadedComposer) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=40)
    with LiveLine(console, prepared) as live:
        live.show(Reading(0, 0, 0, 0.0, 92.5))
        assert "bach  92.5 bpm 6/8  bar 1 beat 1" in screen.getvalue()
    assert screen.getvalue().endswith("\x1b[2K")


def test_a_file_shows_nothing(prepared: LoadedComposer) -> None:
    screen = io.StringIO()
    with LiveLine(Console(file=screen, force_terminal=False), prepared) as live:
        live.show(Reading(0, 0, 0, 0.0, 92.5))
    assert screen.getvalue() == ""
