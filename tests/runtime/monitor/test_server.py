"""Publishing to real sockets, and finding what is published."""

import os
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.monitor import client
from lstm_composer.runtime.monitor.access import LOCALHOST, MOST_STRANGERS, greeting
from lstm_composer.runtime.monitor.client import connect, follow, send_commands, snapshots
from lstm_composer.runtime.monitor.discovery import SOCKET_SUFFIX, Endpoint, register, running_endpoints, unregister
from lstm_composer.runtime.monitor.protocol import (
    Answer,
    Command,
    Delta,
    Event,
    FromPlay,
    Hello,
    Ping,
    Pong,
    Said,
    Stop,
    Whole,
    encode_message,
)
from lstm_composer.runtime.monitor.server import MOST_CLIENTS, Publisher, SaidLines
from lstm_composer.runtime.monitor.snapshot import Control, Snapshot, decode, encode
from tests.runtime.monitor.conftest import FakePlay
from tests.support.waiting import wait_for

PATIENCE_SECONDS = 30.0
TOKEN = "0123456789abcdef" * 4
with_unix_sockets = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no Unix sockets")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing that this user plays is seen here."""
    monkeypatch.setattr("lstm_composer.runtime.monitor.discovery.folder", lambda: tmp_path / "runtime")
    return tmp_path / "runtime"


@pytest.fixture(params=["unix", "port"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """As on a system with Unix sockets, and as on one without."""
    if request.param == "port":
        monkeypatch.setattr("lstm_composer.runtime.monitor.access.LONGEST_SOCKET_PATH", 0)
    elif not hasattr(socket, "AF_UNIX"):
        pytest.skip("this system has no Unix sockets")
    return str(request.param)


@contextmanager
def publishing(play: FakePlay | Callable[[], Snapshot], said: SaidLines | None = None) -> Iterator[Publisher]:
    """Publish, announced, on a thread of its own."""
    watched = play if isinstance(play, FakePlay) else FakePlay(play)
    publisher, stop = Publisher(watched, said), threading.Event()
    register(publisher.endpoint)
    thread = threading.Thread(target=publisher.run, args=(stop,))
    thread.start()
    try:
        yield publisher
    finally:
        stop.set()
        thread.join(PATIENCE_SECONDS)
        unregister(publisher.endpoint)
        assert not thread.is_alive()


def knock(endpoint: Endpoint) -> socket.socket:
    """Connect and say nothing."""
    if endpoint.port is None:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(endpoint.socket_path))
    else:
        connection = socket.create_connection((LOCALHOST, endpoint.port))
    connection.settimeout(PATIENCE_SECONDS)
    return connection


def answer(connection: socket.socket) -> bytes:
    """What is answered first; b"" if the connection is closed."""
    try:
        return connection.recv(1)
    except ConnectionResetError:  # closed with something of ours unread
        return b""


def test_snapshots_go_to_everybody_who_is_connected(either_way: str, snapshot: Callable[..., Snapshot]) -> None:
    taken: list[Snapshot] = []

    def take() -> Snapshot:
        taken.append(snapshot(notes=len(taken)))
        return taken[-1]

    with publishing(take) as publisher:
        assert taken == []
        assert (publisher.endpoint.port is None) == (either_way == "unix")
        with snapshots() as first, snapshots(os.getpid()) as second:
            seen = [next(first) for _ in range(3)]
            assert [one.notes for one in seen] == [0, 1, 2]
            assert next(second) in taken
    with pytest.raises(MissingError):
        connect(None)


def test_nobody_connected_costs_no_snapshots() -> None:
    def take() -> Snapshot:
        raise AssertionError

    play = FakePlay(take)
    with publishing(play):
        wait_for(lambda: play.tidied > 1, "a look at what is past")


def test_the_lines_end_with_the_play(snapshot: Callable[..., Snapshot]) -> None:
    with publishing(snapshot):
        connection = connect(None)
    with connection, connection.makefile("rb") as file:
        assert all(line.endswith(b"\n") for line in file)


def test_one_who_does_not_read_holds_nobody_up_and_gets_whole_lines(snapshot: Callable[..., Snapshot]) -> None:
    big = snapshot(style="x" * 300_000)
    with publishing(lambda: big), connect(None) as sleeper, snapshots() as reader:
        for _ in range(10):
            assert next(reader) == big
        with sleeper.makefile("rb") as file:
            assert [decode(file.readline()) for _ in range(3)] == [big] * 3


def test_one_too_many_is_sent_away_and_told_why(snapshot: Callable[..., Snapshot]) -> None:
    with publishing(snapshot), ExitStack() as stack:
        for _ in range(MOST_CLIENTS):
            assert stack.enter_context(connect(None)).recv(1)
        with (
            snapshots() as seen,
            pytest.raises(MissingError, match=f"lets nobody look in: .* {MOST_CLIENTS} monitors look already"),
        ):
            next(seen)


def test_one_who_has_long_stopped_reading_makes_room(
    snapshot: Callable[..., Snapshot], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_composer.runtime.monitor.server.STUCK_SECONDS", 0.1)
    with publishing(lambda: snapshot(style="x" * 1_000_000)) as publisher, ExitStack() as stack:
        sleepers = [stack.enter_context(connect(None)) for _ in range(MOST_CLIENTS)]
        assert all(sleeper.recv(1) for sleeper in sleepers)
        wait_for(
            lambda: all(known.stuck_seconds(time.monotonic()) > 0.1 for known in publisher._visitors), "a full buffer"
        )
        with snapshots() as seen:
            assert next(seen).notes == 100


def test_those_who_say_nothing_take_no_place(either_way: str, snapshot: Callable[..., Snapshot]) -> None:
    with publishing(snapshot) as publisher, ExitStack() as stack:
        silent = [stack.enter_context(knock(publisher.endpoint)) for _ in range(MOST_STRANGERS + 10)]
        with snapshots() as seen:
            assert next(seen) == snapshot()
        assert {answer(connection) for connection in silent} == {b""}
    assert publisher._visitors == []


@pytest.mark.parametrize(
    "said",
    [b"\n", b"GET / HTTP/1.1\r\n\r\n", greeting("0" * 64), greeting(TOKEN)[:-1] + b"x", b"\xff" * 1000, b"\0" * 65],
)
def test_a_stranger_is_shown_nothing(
    either_way: str, snapshot: Callable[..., Snapshot], said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_composer.runtime.monitor.access.GREETING_SECONDS", 0.1)  # nobody here is to be in time
    with publishing(snapshot) as publisher, knock(publisher.endpoint) as stranger:
        stranger.sendall(said)
        assert answer(stranger) == b""


def test_the_token_may_come_in_pieces(snapshot: Callable[..., Snapshot]) -> None:
    with publishing(snapshot) as publisher, knock(publisher.endpoint) as slow:
        said = greeting(publisher.endpoint.token)
        slow.sendall(said[:10])
        slow.sendall(said[10:])
        assert answer(slow) == b"{"


def test_another_user_on_the_socket_is_shown_nothing(
    snapshot: Callable[..., Snapshot], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(socket, "SO_PEERCRED"):
        pytest.skip("this system does not say who is at the other end")
    monkeypatch.setattr("lstm_composer.runtime.monitor.access._ROOT", -1)
    with publishing(snapshot) as publisher:
        monkeypatch.setattr("lstm_composer.runtime.monitor.access.os.geteuid", lambda: 4711)
        with knock(publisher.endpoint) as connection:
            try:
                connection.sendall(greeting(publisher.endpoint.token))
            except BrokenPipeError:
                return
            assert answer(connection) == b""


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_what_is_announced_is_for_this_user_alone(snapshot: Callable[..., Snapshot], own_folder: Path) -> None:
    own_folder.mkdir(mode=0o755)
    with publishing(snapshot) as publisher:
        assert stat.S_IMODE(own_folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(publisher.endpoint.path.stat().st_mode) == 0o600
    assert list(own_folder.iterdir()) == []


def test_what_a_killed_play_has_left_is_removed_by_whoever_looks(
    snapshot: Callable[..., Snapshot], own_folder: Path
) -> None:
    with publishing(snapshot):
        stale = left_behind(own_folder)
        with snapshots() as found:
            assert next(found) == snapshot()
        assert not stale.path.exists()
        assert not stale.socket_path.exists()
        assert [endpoint.pid for endpoint in running_endpoints()] == [os.getpid()]


def test_what_a_killed_play_has_left_is_removed_by_the_next_play(
    snapshot: Callable[..., Snapshot], own_folder: Path
) -> None:
    own_folder.mkdir(mode=0o700)
    stale = left_behind(own_folder)
    stale.path.write_text("half a")
    with publishing(snapshot):
        assert {path.stem for path in own_folder.iterdir()} == {str(os.getpid())}


def left_behind(own_folder: Path) -> Endpoint:
    """The files of a process that has ended without removing them."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    stale = Endpoint(gone.pid, own_folder / f"{gone.pid}.json", TOKEN)
    register(stale)
    stale.socket_path.touch()
    return stale


def test_a_port_that_nobody_listens_on_is_removed(own_folder: Path) -> None:
    own_folder.mkdir(mode=0o700)
    with socket.create_server((LOCALHOST, 0)) as server:
        endpoint = Endpoint(os.getpid(), own_folder / f"{os.getpid()}.json", TOKEN, server.getsockname()[1])
    register(endpoint)
    with pytest.raises(MissingError, match="no play is running here"):
        connect(os.getpid())
    assert not endpoint.path.exists()


@with_unix_sockets
def test_a_socket_that_is_gone_is_removed(own_folder: Path) -> None:
    own_folder.mkdir(mode=0o700)
    endpoint = Endpoint(os.getpid(), own_folder / f"{os.getpid()}.json", TOKEN)
    register(endpoint)
    with pytest.raises(MissingError, match="no play is running here"):
        connect(None)
    assert not endpoint.path.exists()


def test_a_process_that_does_not_play_is_told_which_do(snapshot: Callable[..., Snapshot]) -> None:
    with publishing(snapshot):
        for pid in (1, 2**31, 2**63 - 1):
            with pytest.raises(InputError, match=f"--pid {pid} does not play: {os.getpid()} may"):
                connect(pid)


def test_the_process_of_another_user_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "is_of_another_user", lambda pid: pid == 17)
    with pytest.raises(InputError, match="--pid 17 belongs to another user: monitor shows your own plays only"):
        connect(17)


@contextmanager
def answering(own_folder: Path, data: bytes, *, close: bool = True) -> Iterator[None]:
    """Something that was given the port of a play, and sends what it likes."""
    own_folder.mkdir(mode=0o700)
    with socket.create_server((LOCALHOST, 0)) as server:
        register(Endpoint(os.getpid(), own_folder / f"{os.getpid()}.json", TOKEN, server.getsockname()[1]))
        done = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                try:
                    connection.sendall(data)
                except OSError:  # the other end has had enough
                    return
                if not close:
                    done.wait(PATIENCE_SECONDS)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join(PATIENCE_SECONDS)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "of another version"),
        (b"\xff\xfe\n", "of another version"),
        (b"[" * 100_000 + b"\n", "of another version"),
        (b"null\n", "of another version"),
        (b'{"pid": NaN}\n', "of another version"),
        (b"x" * 5000, "a line of more than 2 KiB"),
        (b"no end", "lets nobody look in"),
        (b"", "lets nobody look in"),
    ],
)
def test_something_else_that_answers_is_no_play(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, said: str
) -> None:
    monkeypatch.setattr(client, "MOST_LINE_BYTES", 2048 if data.startswith(b"x") else client.MOST_LINE_BYTES)
    with answering(own_folder, data), snapshots() as seen, pytest.raises(MissingError, match=said):
        next(seen)


def test_a_play_that_says_nothing_is_not_said_to_have_ended(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch, snapshot: Callable[..., Snapshot]
) -> None:
    monkeypatch.setattr(client, "ANSWER_SECONDS", 1.5)
    with answering(own_folder, encode(snapshot()), close=False), snapshots() as seen:
        assert next(seen) == snapshot()
        with pytest.raises(MissingError, match=r"has said nothing for 1\.5 s"):
            next(seen)


def test_who_says_hello_is_told_all_and_then_what_changes(
    either_way: str, snapshot: Callable[..., Snapshot], event: Callable[..., Event]
) -> None:
    play, said = FakePlay(snapshot, (event(),)), SaidLines()
    said.append("first line")
    changes = [Delta(1000.1, events=(event(id=8),)), Delta(1000.2, gone=(8,)), Delta(1000.3, style="joplin")]
    with publishing(play, said) as publisher:
        wait_for(lambda: play.tidied, "a look at what is past")
        with follow() as following:
            assert (following.pid, following.welcome.said) == (os.getpid(), ("first line",))
            messages = following.messages()
            whole = next(messages)
            assert isinstance(whole, Whole)
            assert (whole.snapshot, whole.events) == (snapshot(), (event(),))
            play.deltas.extend(changes)
            assert [next(messages) for _ in changes] == changes
            said.append("second line")
            assert [one for one in (next(messages), next(messages)) if isinstance(one, Said)] == [Said("second line")]
        assert len(publisher._visitors) <= 1


def test_who_says_nothing_is_sent_what_version_0_1_was(snapshot: Callable[..., Snapshot]) -> None:
    with publishing(snapshot), connect(None) as connection, connection.makefile("rb") as file:
        assert [file.readline() for _ in range(3)] == [encode(snapshot())] * 3


def test_hello_may_come_late(snapshot: Callable[..., Snapshot]) -> None:
    with publishing(snapshot), connect(None) as connection, connection.makefile("rb") as file:
        assert decode(file.readline()) == snapshot()
        connection.sendall(encode_message(Hello(2)))
        assert any(line.startswith(b'{"kind":"welcome"') for line in iter(file.readline, b""))


def first(messages: Iterator[FromPlay], kind: type) -> FromPlay:
    return next(message for message in messages if isinstance(message, kind))


def test_the_time_is_told_at_once(snapshot: Callable[..., Snapshot]) -> None:
    with publishing(snapshot), follow() as following:
        messages = following.messages()
        for sent in (1.5, 2.5):
            following.say(Ping(sent))
            assert first(messages, Pong) == Pong(sent, 1000.0, 1000.0)


def test_commands_are_taken_or_refused_and_the_end_is_asked_for(snapshot: Callable[..., Snapshot]) -> None:
    play = FakePlay(snapshot)
    with publishing(play), follow() as following:
        messages = following.messages()
        following.say(Command(1, "density 0.5"))
        following.say(Command(2, "nonsense"))
        assert first(messages, Answer) == Answer(taken=True, id=1)
        assert first(messages, Answer) == Answer(taken=False, id=2, said="nonsense is refused")
        following.say(Stop())
        wait_for(lambda: play.ended, "the end")
    assert play.lines == ["density 0.5", "nonsense"]


def test_command_lines_end_with_the_first_that_is_refused(snapshot: Callable[..., Snapshot]) -> None:
    play, told = FakePlay(snapshot), list[str]()
    with publishing(play):
        send_commands(["swing 0.5", "new"], told.append)
        with pytest.raises(InputError, match="no such thing is refused"):
            send_commands(["mute on", "no such thing", "mute off"], told.append)
    assert play.lines == ["swing 0.5", "new", "mute on", "no such thing"]


@pytest.mark.parametrize("line", [b"{}", b"density 1", b'{"kind":"hello","protocol":1}', b"[" * 1000, b"\xff"])
def test_a_line_that_is_no_message_is_told_so_and_the_next_one_heard(
    snapshot: Callable[..., Snapshot], line: bytes
) -> None:
    with publishing(snapshot), follow() as following:
        messages = following.messages()
        following._connection.sendall(line + b"\n")
        answer = first(messages, Answer)
        assert isinstance(answer, Answer)
        assert (answer.taken, answer.id) == (False, None)
        assert "say hello, ping, command or stop" in answer.said
        following.say(Ping(1.0))
        assert isinstance(first(messages, Pong), Pong)


def test_who_says_a_line_without_end_is_sent_away(snapshot: Callable[..., Snapshot]) -> None:
    with publishing(snapshot) as publisher, follow() as following:
        following._connection.sendall(b"x" * 5000)
        assert list(following.messages())[1:] == []
        wait_for(lambda: not publisher._visitors, "an empty room")


def test_one_who_stops_reading_is_told_all_when_they_read_again(
    snapshot: Callable[..., Snapshot], event: Callable[..., Event]
) -> None:
    play = FakePlay(snapshot, (event(),))
    with publishing(play) as publisher, follow() as following, follow() as reader:
        wait_for(lambda: len(publisher._visitors) == 2, "two visitors")
        others = reader.messages()
        assert isinstance(first(others, Whole), Whole)
        big = Delta(1000.1, controls=(Control("x" * 100_000, "", ()),))
        for _ in range(30):
            play.deltas.append(big)
            assert first(others, Delta) == big
        last = Delta(1000.2, gone=(5,))
        messages = following.messages()
        assert [type(message) for message in (next(messages), next(messages))] == [Whole, Delta]
        assert isinstance(first(messages, Whole), Whole)
        play.deltas.append(last)
        assert next(one for one in messages if isinstance(one, Delta) and one != big) in (last, Delta(1000.0))


def test_a_play_of_version_0_1_is_said_to_be_one(own_folder: Path, snapshot: Callable[..., Snapshot]) -> None:
    with (
        answering(own_folder, encode(snapshot()) * 30, close=False),
        pytest.raises(MissingError, match="of another version"),
        follow(),
    ):
        pass


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[" * 1000,
        "{}",
        "\xff",
        '{"token": 1}',
        f'{{"token": "{TOKEN[1:]}"}}',
        f'{{"token": "{TOKEN}x"}}',
        f'{{"token": "{TOKEN}", "port": "many"}}',
        f'{{"token": "{TOKEN}", "port": 99999}}',
        f'{{"token": "{TOKEN}", "port": -1}}',
        f'{{"token": "{TOKEN}", "port": {"9" * 500}}}',
        f'{{"token": "{TOKEN}"{" " * 5000}}}',
    ],
)
def test_files_of_something_else_are_passed_over(own_folder: Path, text: str) -> None:
    own_folder.mkdir(mode=0o700)
    (own_folder / "17.json").write_bytes(text.encode("latin-1"))
    assert running_endpoints() == []


@pytest.mark.parametrize("name", ["notes", "0", "-1", "1.5", "٣", "²", "9" * 12, "9" * 200])
def test_files_that_no_process_names_are_passed_over(own_folder: Path, name: str) -> None:
    own_folder.mkdir(mode=0o700)
    (own_folder / f"{name}.json").write_text(f'{{"token": "{TOKEN}", "port": 1}}')
    assert running_endpoints() == []


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices in a folder are POSIX's")
def test_what_is_no_file_is_passed_over(own_folder: Path) -> None:
    own_folder.mkdir(mode=0o700)
    os.mkfifo(own_folder / "17.json")
    (own_folder / "18.json").symlink_to("/dev/zero")
    (own_folder / "19.json").symlink_to("nowhere")
    (own_folder / "20.json").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(own_folder / f"21{SOCKET_SUFFIX}"))
    assert running_endpoints() == []


def test_a_file_in_the_place_of_the_folder_is_told(own_folder: Path) -> None:
    own_folder.touch()
    with pytest.raises(MissingError, match="XDG_RUNTIME_DIR"):
        running_endpoints()
