"""The composition root: what it puts together, in which order, and what it closes where it cannot."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.generation.lookahead import LookAhead
from lstm_composer.runtime.session.session import AHEAD_BARS, build_session
from lstm_composer.runtime.session.settings import MusicSettings, PlaySettings, Sync
from lstm_composer.runtime.testing import FakeClock, RecordingPort
from lstm_composer.runtime.transport.external import ExternalSyncTransport
from lstm_composer.runtime.transport.transport import InternalTransport

Music = Callable[..., MusicSettings]


def settings(music: Music, **changes: object) -> PlaySettings:
    return PlaySettings(music=music(), **changes)  # type: ignore[arg-type] # the tests name its fields


def test_the_first_notes_are_made_before_the_port_is_opened(music: Music, monkeypatch: pytest.MonkeyPatch) -> None:
    """A DAW may start the moment that it sees it."""
    made: list[LookAhead] = []
    ahead: list[int] = []

    class Noticed(LookAhead):
        def __init__(self, *given: object, **more: object) -> None:
            super().__init__(*given, **more)  # type: ignore[arg-type] # passed on
            made.append(self)

    def open_port(*_: object) -> RecordingPort:
        ahead.append(made[0].ticks_ahead(0))
        return RecordingPort(FakeClock())

    monkeypatch.setattr("lstm_composer.runtime.session.session.LookAhead", Noticed)
    monkeypatch.setattr("lstm_composer.runtime.session.outputs.open_port", open_port)
    with build_session(settings(music), say=lambda _: None) as session:
        assert ahead[0] >= AHEAD_BARS * session.composer.meter.ticks_per_bar


def test_a_session_closes_what_it_has_opened(music: Music, tmp_path: Path) -> None:
    port = RecordingPort(FakeClock())
    with build_session(settings(music, events=tmp_path / "events"), port=port, say=lambda _: None):
        assert port.closings == 0
        assert (tmp_path / "events").exists()
    assert port.closings == 1


def test_what_goes_wrong_leaves_nothing_open(music: Music, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    port = RecordingPort(FakeClock())
    (tmp_path / "log").mkdir()
    with pytest.raises(InputError, match="--events"):
        build_session(settings(music, events=tmp_path / "log"), port=port, say=lambda _: None)
    assert port.closings == 1

    class Deaf(RecordingPort):
        def listen(self, on_message: object) -> str:
            raise MissingError("there is no input here")

    deaf = Deaf(FakeClock())
    with pytest.raises(MissingError, match="there is no input here"):
        build_session(settings(music, sync="midi"), port=deaf, say=lambda _: None)
    assert deaf.closings == 1
    with build_session(settings(music), port=Deaf(FakeClock()), say=lambda _: None) as session:
        assert isinstance(session.transport, ExternalSyncTransport)


@pytest.mark.parametrize(
    ("sync", "line"),
    [
        ("auto", 'follows a MIDI clock sent to "recording in"'),
        ("midi", 'waits for a MIDI clock sent to "recording in"'),
        ("internal", 'is steered by controllers sent to "recording in"'),
    ],
)
def test_the_input_is_told(music: Music, sync: Sync, line: str) -> None:
    told: list[str] = []
    with build_session(settings(music, sync=sync), port=RecordingPort(FakeClock()), say=told.append) as session:
        assert told == [line]
        assert isinstance(session.transport, InternalTransport) == (sync == "internal")


def test_who_is_to_be_told_of_messages_is_told_as_the_take_is(music: Music) -> None:
    heard: list[int] = []
    port = RecordingPort(FakeClock(), lead_seconds=0.1)
    with build_session(
        PlaySettings(music=music(bars=1)),
        port=port,
        on_sent=lambda sent: heard.append(sent.message.tick),
        say=lambda _: None,
    ) as session:
        while session.lookahead.make_one():
            pass
        session.dispatcher.run(threading.Event())
        assert heard == [message.tick for message in port.messages]
        assert len(session.take.music().notes) == 4


def test_the_count_in_begins_with_the_dispatcher(music: Music) -> None:
    """Not with the session: what is done between them would take its time from it."""
    clock = FakeClock(5.0)
    port = RecordingPort(clock, count_in_seconds=0.5)
    with build_session(PlaySettings(music=music(bars=1)), port=port, say=lambda _: None) as session:
        clock.jump(3.0)
        session.dispatcher.run(threading.Event())
        assert port.sent[0][1] == pytest.approx(8.5)
