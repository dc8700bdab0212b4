"""Publishing to real sockets, and finding what is published."""

import os
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from runtime.errors import InputError, MissingError
from runtime.monitor.client import connect, lines
from runtime.monitor.places import announce, folder, places, withdraw
from runtime.monitor.publisher import LOCALHOST, MOST_CLIENTS, Publisher
from runtime.monitor.snapshot import Snapshot, decode

PATIENCE_SECONDS = 30.0


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing that this user plays is seen here."""
    monkeypatch.setattr("runtime.monitor.places.folder", lambda: tmp_path / "runtime")
    return tmp_path / "runtime"


@contextmanager
def publishing(take: Callable[[], Snapshot], idle: Callable[[], None] = lambda: None) -> Iterator[Publisher]:
    publisher, stop = Publisher(take, idle), threading.Event()
    thread = threading.Thread(target=publisher.run, args=(stop,))
    thread.start()
    try:
        yield publisher
    finally:
        stop.set()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def test_snapshots_go_to_everybody_who_is_connected(snapshot: Callable[..., Snapshot]) -> None:
    taken: list[Snapshot] = []

    def take() -> Snapshot:
        taken.append(snapshot(notes=len(taken)))
        return taken[-1]

    with publishing(take) as publisher:
        assert taken == []
        place = announce(os.getpid(), publisher.port)
        with lines() as first, lines(os.getpid()) as second:
            seen = [decode(next(first)) for _ in range(3)]
            assert [one.notes for one in seen] == [0, 1, 2]
            assert decode(next(second)) in taken
        withdraw(place)
    with pytest.raises(MissingError):
        connect(None)


def test_nobody_connected_costs_no_snapshots() -> None:
    idle = threading.Event()

    def take() -> Snapshot:
        raise AssertionError

    with publishing(take, idle.set):
        assert idle.wait(PATIENCE_SECONDS)


def test_the_lines_end_with_the_play(snapshot: Callable[..., Snapshot]) -> None:
    with publishing(snapshot) as publisher:
        announce(os.getpid(), publisher.port)
        connection = connect(None)
    with connection, connection.makefile("rb") as file:
        assert all(line.endswith(b"\n") for line in file)


def test_one_who_does_not_read_holds_nobody_up_and_gets_whole_lines(snapshot: Callable[..., Snapshot]) -> None:
    big = snapshot(style="x" * 300_000)
    with publishing(lambda: big) as publisher:
        announce(os.getpid(), publisher.port)
        with connect(None) as sleeper, lines() as reader:
            for _ in range(10):
                assert decode(next(reader)) == big
            with sleeper.makefile("rb") as file:
                assert [decode(file.readline()) for _ in range(3)] == [big] * 3


def test_one_too_many_is_sent_away(snapshot: Callable[..., Snapshot]) -> None:
    with publishing(snapshot) as publisher:
        announce(os.getpid(), publisher.port)
        with suppress(OSError):
            several = [connect(None) for _ in range(MOST_CLIENTS + 1)]
        for one in several[:-1]:
            assert one.recv(1)
        assert several[-1].recv(1) == b""
        for one in several:
            one.close()


def test_a_place_of_one_that_was_killed_is_passed_over_and_removed(
    snapshot: Callable[..., Snapshot], own_folder: Path
) -> None:
    with publishing(snapshot) as publisher:
        announce(os.getpid(), publisher.port)
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        stale = announce(gone.pid, publisher.port)
        with lines() as found:
            assert decode(next(found)) == snapshot()
        assert not stale.path.exists()
        assert [place.pid for place in places()] == [os.getpid()]


def test_a_port_that_nobody_listens_on_is_removed() -> None:
    with socket.create_server((LOCALHOST, 0)) as server:
        place = announce(os.getpid(), server.getsockname()[1])
    with pytest.raises(MissingError, match="no play is running here"):
        connect(os.getpid())
    assert not place.path.exists()


def test_a_process_that_does_not_play_is_told_which_do(snapshot: Callable[..., Snapshot]) -> None:
    with publishing(snapshot) as publisher:
        announce(os.getpid(), publisher.port)
        with pytest.raises(InputError, match=f"--pid 1 does not play: {os.getpid()} may"):
            connect(1)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"port": "many"}', "{}"])
def test_files_of_something_else_are_passed_over(own_folder: Path, text: str) -> None:
    own_folder.mkdir()
    (own_folder / "17.json").write_text(text)
    (own_folder / "notes.json").write_text('{"port": 1}')
    assert places() == []


def test_the_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.undo()
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "lstm-composer" in str(folder())
