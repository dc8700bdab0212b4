"""What a session says of itself ahead of time is what leaves its port."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest.mock import create_autospec

import pytest

from lstm_composer.runtime.midi.messages import Kind
from lstm_composer.runtime.monitor.following import Picture
from lstm_composer.runtime.monitor.protocol import Anchor, Delta, Event
from lstm_composer.runtime.session.settings import MusicSettings, PlaySettings
from lstm_composer.runtime.session.snapshots import NO_KNOBS, Watch
from lstm_composer.runtime.sound.player import Player
from lstm_composer.runtime.testing import Action, FakeSession, fake_session
from lstm_composer.runtime.transport.transport import InternalTransport

LOOK_SECONDS = 1 / 30
BAR = 96


@dataclass
class Heard:
    """What was said of each note, with the time of each look, and when a note was said to be gone."""

    events: dict[int, list[tuple[float, Event]]] = field(default_factory=dict)
    gone: dict[int, float] = field(default_factory=dict)
    deltas: list[Delta] = field(default_factory=list)

    def take(self, delta: Delta) -> None:
        self.deltas.append(delta)
        for event in delta.events:
            self.events.setdefault(event.id, []).append((delta.at, event))
        self.gone |= dict.fromkeys(delta.gone, delta.at)


def played(
    bundle: Path, *script: tuple[float, Action], bars: int = 4, lead_seconds: float = 0.0
) -> tuple[FakeSession, Heard, Watch]:
    """Play some bars and look thirty times a second."""
    session = fake_session(bundle, script, lead_seconds=lead_seconds)
    watch, heard = Watch(session.session, session.stop), Heard()

    def look() -> None:
        heard.take(watch.look())
        session.at_seconds(session.clock.now() + LOOK_SECONDS, look)

    session.at_seconds(0.0, look)
    session.play(until=bars * BAR)
    heard.take(watch.look())
    return session, heard, watch


@pytest.fixture
def bundle(tiny_models: Path) -> Path:
    return tiny_models / "tiny.onnx.json"


Script = tuple[tuple[float, Action], ...]


@pytest.mark.parametrize(
    "script",
    [
        (),
        ((BAR, "swing 1"), (BAR, "transpose 3"), (2 * BAR, "velocity 40")),
        ((30, "humanise 1"),),
        ((BAR, "density 1"), (2 * BAR, "new"), (3 * BAR, "hold 1")),
        ((BAR, "mute on"), (2 * BAR, "mute off")),
    ],
    ids=["plain", "expression", "humanised", "other notes", "muted"],
)
@pytest.mark.parametrize("lead_seconds", [0.0, 0.1], ids=["at once", "ahead"])
def test_what_leaves_was_said_ahead(bundle: Path, script: Script, lead_seconds: float) -> None:
    session, heard, _ = played(bundle, *script, lead_seconds=lead_seconds)
    left = [sent for sent in session.sent if sent.message.kind is Kind.NOTE_ON]
    assert left
    said = {(history[-1][1].tick, history[-1][1].note): history for history in heard.events.values()}
    for sent in left:
        history = said[sent.message.tick, sent.message.number]
        first_at, _ = history[0]
        _, last = history[-1]
        assert (last.velocity, last.channel) == (sent.message.value, sent.message.channel)
        assert last.due == pytest.approx(sent.due_seconds, abs=0.0003)
        if sent.message.tick > BAR + 48 and not script:
            assert first_at < sent.due_seconds - 1.0


def test_what_was_said_last_of_a_note_is_when_it_ended(bundle: Path) -> None:
    session, heard, _ = played(bundle, (2 * BAR + 5, "panic"))
    ends = {
        (sent.message.number, round(sent.due_seconds, 3)) for sent in session.sent if sent.message.kind is Kind.NOTE_OFF
    }
    past = [history[-1][1] for history in heard.events.values() if history[-1][1].ends < session.clock.now() - 0.1]
    kept = [event for event in past if event.id not in heard.gone]
    assert kept
    assert {(event.note, round(event.ends, 3)) for event in kept} <= ends


def test_what_will_not_be_played_is_said_to_be_gone(bundle: Path) -> None:
    _, heard, watch = played(bundle, (2 * BAR, "mute on"))
    muted_at = next(delta.at for delta in heard.deltas[1:] if any(control.name == "mute" for control in delta.controls))
    assert heard.gone
    assert all(muted_at - 0.1 <= at <= muted_at + 0.2 for at in heard.gone.values())
    assert not [event for event in watch.whole().events if event.id in heard.gone]


def test_the_whole_and_its_changes_show_what_a_snapshot_does(bundle: Path) -> None:
    session = fake_session(bundle)
    watch, picture, compared = Watch(session.session, session.stop), Picture(), list[int]()

    def look() -> None:
        delta = watch.look()
        picture.take(delta if picture.is_complete else watch.whole())
        shown, snapshot = picture.at(session.clock.now()), watch.snapshot()
        assert shown is not None
        assert (shown.time, shown.controls, shown.style) == (snapshot.time, snapshot.controls, snapshot.style)
        sounding = lambda one: sorted((note.pitch, note.onset) for note in one.sounding)  # noqa: E731 - one line says it
        if all(abs(event.due - session.clock.now()) > 0.001 for event in watch.whole().events):
            assert sounding(shown) == sounding(snapshot)
            compared.append(len(shown.sounding))
        session.at_seconds(session.clock.now() + 0.1003, look)

    session.at_seconds(0.0, look)
    session.play(until=4 * BAR)
    assert sum(compared) > 5


def test_a_jump_of_tempo_is_said(bundle: Path, music: Callable[..., MusicSettings]) -> None:
    session = fake_session(bundle, settings=PlaySettings(music=music(tempo_bpm=120), sync="internal"))
    watch = Watch(session.session, session.stop)
    assert watch.look().anchor is not None
    assert watch.look().anchor is None
    transport = session.session.transport
    assert isinstance(transport, InternalTransport)
    transport.tempo_bpm = 60.0
    anchor = watch.look().anchor
    assert isinstance(anchor, Anchor)
    assert anchor.tempo_bpm == 60.0


def test_a_command_is_taken_or_refused(bundle: Path) -> None:
    session = fake_session(bundle)
    watch, became = Watch(session.session, session.stop), list[str]()
    for line in ("density 0.5", "density 7", "nonsense", "learn density"):
        watch.submit(line, became.append, lambda: became.append("taken"))
    assert session.session.control is not None
    session.session.control.apply_pending()
    assert became[0] == became[3] == "taken"
    assert became[1] == "density 7: give a number from -1 to 1"
    assert became[2].startswith("command 'nonsense' is unknown")
    watch.end()
    assert session.stop.is_set()


def test_a_style_without_knobs_refuses_all(bundle: Path) -> None:
    session = fake_session(bundle)
    watch, became = Watch(replace(session.session, control=None), session.stop), list[str]()
    watch.submit("density 0.5", became.append, lambda: became.append("taken"))
    assert became == [NO_KNOBS]


def test_a_sound_of_the_computer_s_own_is_said(bundle: Path) -> None:
    session = fake_session(bundle)
    outputs = replace(session.session.outputs, player=create_autospec(Player, instance=True))
    assert not Watch(session.session, session.stop).snapshot().sounds_here
    sounding = replace(session.session, outputs=outputs)
    assert Watch(sounding, session.stop).snapshot().sounds_here
