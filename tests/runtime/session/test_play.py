"""`play` with real threads and a port of the test's own: however it ends, notes are ended and the take is whole."""

import io
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from pythonosc.udp_client import SimpleUDPClient

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.generation.lookahead import LookAhead
from lstm_composer.runtime.generation.voice import note_stream
from lstm_composer.runtime.generation.voice_state import EnsembleState
from lstm_composer.runtime.midi.messages import ALL_NOTES_OFF, SUSTAIN_PEDAL, Kind, Message
from lstm_composer.runtime.midi.reader import read_music
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.playback.dispatcher import Dispatcher
from lstm_composer.runtime.ports import NoMidiSystemError, OutputPort, PortLostError
from lstm_composer.runtime.session import outputs as output
from lstm_composer.runtime.session import play as performance
from lstm_composer.runtime.session.live_control import LiveControl
from lstm_composer.runtime.session.loading import LoadedComposer, load_composer
from lstm_composer.runtime.session.play import play
from lstm_composer.runtime.session.settings import MusicSettings, PlaySettings
from lstm_composer.runtime.sound.player import Player
from lstm_composer.runtime.system.process_exit import ending_signals
from lstm_composer.runtime.system.realtime import HELPING_PRIORITY, SENDING_PRIORITY
from lstm_composer.runtime.testing import RecordingPort
from tests.runtime.free_music import free_of

Music = Callable[..., MusicSettings]
TEMPO = 400
BAR = 96
PATIENCE_SECONDS = 10.0


def after(count: int, action: Callable[[], object]) -> Callable[[Message], None]:
    """Do something as a message is sent, the first one being 1."""
    numbers = iter(range(1, sys.maxsize))

    def on_send(_message: Message) -> None:
        if next(numbers) == count:
            action()

    return on_send


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody has to connect anything, and real-time priority is given, or else said to be."""
    monkeypatch.setattr(OutputPort, "count_in_seconds", 0.05)
    monkeypatch.setattr("lstm_composer.runtime.system.realtime.refusal", lambda: None)
    monkeypatch.setattr("lstm_composer.runtime.monitor.discovery.folder", lambda: tmp_path / "runtime")


@pytest.fixture
def settings(music: Music, tmp_path: Path) -> Callable[..., PlaySettings]:
    def make(
        *, take: Path | None = tmp_path / "take.mid", events: Path | None = None, **changes: object
    ) -> PlaySettings:
        return PlaySettings(music=music(tempo_bpm=TEMPO, **changes), take=take, events=events)

    return make


def into(port: OutputPort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "open_port", lambda *_: port)


def is_silent_after(port: RecordingPort) -> bool:
    """Whether everything is ended, the panic messages went out last, and no thread is left."""
    panic = [(message.kind, message.number) for message in port.messages[-2:]]
    threads = {thread.name for thread in threading.enumerate()}
    return (
        not port.sounding()
        and panic == [(Kind.CONTROL, SUSTAIN_PEDAL), (Kind.CONTROL, ALL_NOTES_OFF)]
        and port.closings == 1
        and not threads & {"engine", "dispatcher", "steering"}
    )


@pytest.fixture
def made_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The music begins once a bar of it is made: how soon that is on a busy machine is not what is looked at."""
    wait_until_made = LookAhead.wait_until_made
    monkeypatch.setattr(LookAhead, "wait_until_made", lambda ahead, *_: wait_until_made(ahead, BAR, PATIENCE_SECONDS))


@pytest.mark.usefixtures("made_first")
def test_a_bar_is_played_and_kept(
    settings: Callable[..., PlaySettings],
    music: Music,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    port = RecordingPort()
    into(port, monkeypatch)
    play(settings(bars=1, events=tmp_path / "events.jsonl"))
    prepared = load_composer(music())
    expected = [placed.note for placed in islice(note_stream(prepared.advance, prepared.cursor), 4)]
    assert read_music(tmp_path / "take.mid").notes == expected
    assert [m.number for m in port.messages if m.kind is Kind.NOTE_ON] == [note.pitch for note in expected]
    assert is_silent_after(port)
    assert len((tmp_path / "events.jsonl").read_text().splitlines()) == len(port.messages)
    output = capsys.readouterr()
    follows, first, last = output.err.splitlines()
    assert follows == 'follows a MIDI clock sent to "recording in"'
    assert first == "scale on cpu, 400 bpm, 4/4, seed 1; recording; Ctrl-C stops"
    assert last.startswith("4 notes played, worst lateness ")
    assert last.endswith(f"take in {tmp_path / 'take.mid'}")
    assert output.out == ""


def test_how_to_permit_real_time_priority_is_said_once(
    settings: Callable[..., PlaySettings], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    into(RecordingPort(), monkeypatch)
    monkeypatch.setattr("lstm_composer.runtime.system.realtime.refusal", lambda: "normal priority: do this and that")
    play(settings(bars=1))
    assert [line[:40] for line in capsys.readouterr().err.splitlines()][2] == "normal priority: do this and that"


@pytest.mark.skipif(sys.platform != "linux", reason="real-time priority is asked for on Linux only")
def test_no_thread_that_runs_while_music_plays_is_left_at_normal_priority(
    settings: Callable[..., PlaySettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    found: dict[str, int] = {}

    def look() -> None:
        threads = [thread for thread in threading.enumerate() if thread.name in ("engine", "steering", "monitor")]
        found.update({thread.name: os.sched_getparam(thread.native_id or 0).sched_priority for thread in threads})
        found["dispatcher"] = os.sched_getparam(0).sched_priority

    into(RecordingPort(on_send=after(9, look)), monkeypatch)
    play(settings(bars=2))
    permitted = found.pop("dispatcher") == SENDING_PRIORITY
    helping = HELPING_PRIORITY if permitted else 0
    assert found == {"engine": helping, "steering": helping, "monitor": helping}


def test_a_place_that_monitor_cannot_be_told_of_stops_no_music(
    settings: Callable[..., PlaySettings],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    into(RecordingPort(), monkeypatch)
    (tmp_path / "runtime").touch()
    play(settings(bars=1))
    _, _, notice, last = capsys.readouterr().err.splitlines()
    assert notice.startswith("lstm-composer monitor cannot look in (")
    assert last.startswith("4 notes played")


# Of the many that have no names the first and the last will do: tests/runtime/system/test_process_exit.py knows them
# all.
NAMELESS = range(getattr(signal, "SIGRTMIN", 0) + 1, getattr(signal, "SIGRTMAX", 0))
SIGNALS = [number for number in ending_signals() if number not in NAMELESS]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_in_mid_note_ends_it(
    settings: Callable[..., PlaySettings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before = signal.getsignal(number)
    port = RecordingPort(on_send=after(5, lambda: os.kill(os.getpid(), number)))  # the third note has just begun
    into(port, monkeypatch)
    play(settings())
    assert is_silent_after(port)
    starts = [(m.tick, m.number) for m in port.messages if m.kind is Kind.NOTE_ON]
    assert starts[:3] == [(0, 60), (24, 62), (48, 64)]
    assert [(note.onset, note.pitch) for note in read_music(tmp_path / "take.mid").notes] == starts
    assert signal.getsignal(number) is before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes in folders")
def test_pipes_that_nobody_reads_hold_up_neither_the_music_nor_its_end(
    settings: Callable[..., PlaySettings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_composer.runtime.system.pipes.LOOK_SECONDS", 0.001)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in ("take.mid", "events"):
        os.mkfifo(tmp_path / name)
    port = RecordingPort(on_send=after(5, lambda: os.kill(os.getpid(), signal.SIGINT)))
    into(port, monkeypatch)
    with pytest.raises(MissingError, match=r"nobody reads this pipe.*the music is kept in .*rescued-001-take\.mid"):
        play(settings(events=tmp_path / "events"))
    assert is_silent_after(port)
    heard = [m.number for m in port.messages if m.kind is Kind.NOTE_ON]
    assert [note.pitch for note in read_music(tmp_path / "rescued-001-take.mid").notes] == heard != []


def test_a_port_that_is_lost_leaves_a_take(
    settings: Callable[..., PlaySettings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost() -> None:
        raise PortLostError("the JACK server has gone")

    port = RecordingPort(on_send=after(5, lost))
    into(port, monkeypatch)
    with pytest.raises(PortLostError, match="the JACK server has gone"):
        play(settings())
    assert port.closings == 1
    assert [note.pitch for note in read_music(tmp_path / "take.mid").notes][:2] == [60, 62]
    assert not {thread.name for thread in threading.enumerate()} & {"engine", "dispatcher"}


def test_an_engine_that_fails_ends_the_notes_and_leaves_a_take(
    settings: Callable[..., PlaySettings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(music: MusicSettings) -> LoadedComposer:
        prepared = load_composer(music)

        def advance(cursor: EnsembleState) -> tuple[Note | None, EnsembleState]:
            if free_of(cursor).number == 12:
                raise MissingError("the GPU has gone")
            return prepared.advance(cursor)

        return replace(prepared, advance=advance)

    monkeypatch.setattr(performance, "load_composer", failing)
    port = RecordingPort()
    into(port, monkeypatch)
    with pytest.raises(MissingError, match="the GPU has gone"):
        play(settings())
    assert is_silent_after(port)
    assert (tmp_path / "take.mid").exists()


def steered_port(says: Callable[[RecordingPort], None]) -> RecordingPort:
    """A port where something is said once it plays, and that stops when the low note is heard that this asks for."""
    say = after(3, lambda: says(port))

    def on_send(message: Message) -> None:
        say(message)
        if message.kind is Kind.NOTE_ON and message.number <= 40:
            os.kill(os.getpid(), signal.SIGINT)

    port = RecordingPort(on_send=on_send)
    return port


def test_osc_and_a_map_are_heard(
    settings: Callable[..., PlaySettings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    (tmp_path / "my.toml").write_text("[controllers]\n20 = {knob = 'register-high', low = 40, high = 40}\n")
    client = SimpleUDPClient("127.0.0.1", number)
    with client:
        for says in (
            lambda _: client.send_message("/lstm/register", [30, 40]),
            lambda port: port.receive(bytes([0xB0, 20, 1])),
        ):
            port = steered_port(says)
            into(port, monkeypatch)
            play(replace(settings(), osc=str(number), map=tmp_path / "my.toml"))
            assert is_silent_after(port)
            assert "osc" not in {thread.name for thread in threading.enumerate()}


def test_the_first_note_has_what_was_set(
    settings: Callable[..., PlaySettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = RecordingPort()
    into(port, monkeypatch)
    play(settings(bars=1, initial_commands=("register 30 40", "velocity 33", "velocity-range 0")))
    heard = [message for message in port.messages if message.kind is Kind.NOTE_ON]
    assert {message.value for message in heard} == {33}
    assert {message.number for message in heard} <= set(range(30, 41))


def test_a_steering_that_fails_ends_the_notes_and_leaves_a_take(
    settings: Callable[..., PlaySettings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = RecordingPort()

    def run(_steering: LiveControl, stop: threading.Event) -> None:
        while len(port.messages) < 5:
            assert not stop.wait(0.01)
        raise ZeroDivisionError("a bug in a knob")

    monkeypatch.setattr(LiveControl, "run", run)
    into(port, monkeypatch)
    with pytest.raises(ZeroDivisionError, match="a bug in a knob"):
        play(settings())
    assert is_silent_after(port)
    heard = [m.number for m in port.messages if m.kind is Kind.NOTE_ON]
    assert [note.pitch for note in read_music(tmp_path / "take.mid").notes] == heard != []


def test_a_dispatcher_that_fails_ends_the_notes_and_leaves_a_take(
    settings: Callable[..., PlaySettings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = RecordingPort()
    pull = Dispatcher._pull

    def fail_after_some(dispatcher: Dispatcher) -> None:
        if len(port.messages) >= 5:
            raise ZeroDivisionError("a bug in the dispatcher")
        pull(dispatcher)

    monkeypatch.setattr(Dispatcher, "_pull", fail_after_some)
    into(port, monkeypatch)
    with pytest.raises(ZeroDivisionError, match="a bug in the dispatcher"):
        play(settings())
    assert is_silent_after(port)
    assert [note.pitch for note in read_music(tmp_path / "take.mid").notes][:2] == [60, 62]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no SIGHUP here")
def test_with_nohup_a_closed_terminal_ends_nothing(
    settings: Callable[..., PlaySettings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        port = RecordingPort(on_send=after(3, lambda: os.kill(os.getpid(), signal.SIGHUP)))
        into(port, monkeypatch)
        play(settings(bars=1))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert len(read_music(tmp_path / "take.mid").notes) == 4


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_log_that_finds_no_room_ends_the_notes_and_leaves_a_take(
    settings: Callable[..., PlaySettings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = RecordingPort()
    into(port, monkeypatch)
    with pytest.raises(MissingError, match="--events /dev/full cannot be written on"):
        play(settings(events=Path("/dev/full")))
    assert is_silent_after(port)
    heard = [m.number for m in port.messages if m.kind is Kind.NOTE_ON]
    assert [note.pitch for note in read_music(tmp_path / "take.mid").notes] == heard != []


def test_a_signal_that_comes_while_another_is_handled_waits_for_nothing() -> None:
    stop = threading.Event()
    with performance._stopped_by_signals(stop), stop._cond:  # type: ignore[attr-defined] # as within `stop.set`
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
    assert stop.wait(PATIENCE_SECONDS)


def none_there(*_: object) -> OutputPort:
    raise NoMidiSystemError("no MIDI system found (nothing here): start one")


def no_device(*_: object) -> Player:
    raise MissingError("no audio device found: connect one")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with neither MIDI nor sound, in a folder of its own that has a take."""
    monkeypatch.setattr(output, "open_port", none_there)
    monkeypatch.setattr(output, "_open_player", no_device)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "take-001.mid").touch()
    return tmp_path


PLAYING_ON = "Playing on in real time without sound; the music goes into "


def test_without_midi_and_sound_the_music_goes_into_a_take(
    settings: Callable[..., PlaySettings], elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play(settings(bars=1, take=None))
    assert len(read_music(elsewhere / "take-002.mid").notes) == 4
    notice = capsys.readouterr().err.splitlines()
    assert notice[0] == "no MIDI system found (nothing here): start one"
    assert notice[1].startswith(f"no audio device found: connect one. {PLAYING_ON}")
    assert len(notice) == 4


def test_two_at_once_keep_two_takes(settings: Callable[..., PlaySettings], elsewhere: Path) -> None:
    chosen: list[Path | None] = []

    def play_beside(opened: output.SessionOutputs) -> output.SessionOutputs:
        chosen.append(opened.take_path)
        return opened

    first = play_beside(output.open_outputs(settings(take=None), print))
    play(settings(bars=1, take=None))
    second = play_beside(output.open_outputs(settings(take=None), print))
    names = sorted(path.name for path in elsewhere.glob("take-*.mid"))
    assert names == ["take-001.mid", "take-003.mid"]
    assert [path.name for path in chosen if path is not None] == ["take-002.mid", "take-004.mid"]
    for opened in (first, second):
        assert opened.claim is not None
        opened.claim.release()
    assert not [path for path in elsewhere.iterdir() if path.name.startswith(".")]


def test_without_a_note_no_name_is_kept(
    settings: Callable[..., PlaySettings], elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performance, "_perform", lambda *_: None)
    play(settings(bars=1, take=None))
    assert [path.name for path in elsewhere.iterdir() if "take" in path.name] == ["take-001.mid"]


def test_without_midi_no_sound_is_no_sound(
    settings: Callable[..., PlaySettings], elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play(replace(settings(bars=1, take=None), sound=False))
    assert len(read_music(elsewhere / "take-002.mid").notes) == 4
    assert capsys.readouterr().err.splitlines()[1].startswith(PLAYING_ON)


class RecordingPlayer:
    """Takes note of what it is to play."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.volumes: list[float] = []
        self.closed = False

    def play(self, message: Message, due_seconds: float) -> None:
        self.messages.append(message)

    def pending_count(self) -> int:
        return 0

    def take_back(self, count: int) -> list[Message]:
        return []

    def set_volume(self, volume: float) -> None:
        self.volumes.append(volume)

    def describe(self) -> str:
        return "sound by a test"

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def player(monkeypatch: pytest.MonkeyPatch) -> RecordingPlayer:
    made = RecordingPlayer()
    monkeypatch.setattr(output, "_open_player", lambda *_: made)
    return made


def test_without_midi_it_sounds_here_and_needs_no_take(
    settings: Callable[..., PlaySettings],
    player: RecordingPlayer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(output, "open_port", none_there)
    monkeypatch.chdir(tmp_path)
    play(settings(bars=1, take=None, initial_commands=("volume 0.5",)))
    assert [message.kind for message in player.messages].count(Kind.NOTE_ON) == 4
    assert (player.volumes, player.closed) == ([0.5], True)
    assert not list(tmp_path.glob("take-*.mid"))
    notice = capsys.readouterr().err.splitlines()
    assert notice[0] == "no MIDI system found (nothing here): start one"
    assert "sound by a test" in notice[1]


def test_beside_a_midi_port_it_sounds_if_asked_to(
    settings: Callable[..., PlaySettings], player: RecordingPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = RecordingPort()
    into(port, monkeypatch)
    play(settings(bars=1))
    assert player.messages == []
    port = RecordingPort()
    into(port, monkeypatch)
    play(replace(settings(bars=1), sound=True))
    assert player.messages == port.messages != []
    assert player.closed
    assert is_silent_after(port)


def test_a_sound_card_that_is_missing_beside_a_midi_port_is_told_in_a_line(
    settings: Callable[..., PlaySettings], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    port = RecordingPort()
    into(port, monkeypatch)
    monkeypatch.setattr(output, "_open_player", no_device)
    play(replace(settings(bars=1), sound=True))
    assert [message.kind for message in port.messages].count(Kind.NOTE_ON) == 4
    notice = capsys.readouterr().err.splitlines()
    assert notice[0] == "no audio device found: connect one. Playing on without sound here"


def test_a_port_that_leads_nowhere_can_sound(settings: Callable[..., PlaySettings], player: RecordingPlayer) -> None:
    play(replace(settings(bars=1), sound=True, backend="none"))
    assert [message.kind for message in player.messages].count(Kind.NOTE_ON) == 4


def test_turned_while_it_plays_the_volume_is_that_of_the_sound(
    settings: Callable[..., PlaySettings], player: RecordingPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"volume 0.25\n")))
    play(replace(settings(bars=2), sound=True, backend="none", stdin=True))
    assert player.volumes == [1.0, 0.25]


def test_a_place_that_will_not_do_is_told_before_the_music_starts(
    settings: Callable[..., PlaySettings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = RecordingPort()
    into(port, monkeypatch)
    for wrong in (settings(take=tmp_path / "no" / "take.mid"), settings(events=tmp_path / "no" / "events.jsonl")):
        with pytest.raises(InputError, match="there is no folder"):
            play(wrong)
    assert port.messages == []
