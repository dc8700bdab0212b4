"""Pipes and devices are written to without waiting for good, and what is the system's is never replaced."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.midi.messages import Kind, Message, Sent
from lstm_composer.runtime.playback.event_log import MOST_WAITING, EventLog
from lstm_composer.runtime.playback.take import check_writable, save_take
from lstm_composer.runtime.system import pipes
from lstm_composer.runtime.system.atomic_files import is_device, write_atomically
from lstm_composer.runtime.system.pipes import is_link_of_the_system, is_standard_output, pour

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes in folders")
ON = Sent(Message(48, Kind.NOTE_ON, 3, 60, 80), 12.5, 12.5001)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("lstm_composer.runtime.system.pipes", "lstm_composer.runtime.playback.event_log"):
        monkeypatch.setattr(f"{module}.LOOK_SECONDS", 0.001)


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe.wav")
    return tmp_path / "pipe.wav"


def reader_of(pipe: Path) -> int:
    return os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)


def test_a_reader_who_comes_late_gets_everything(pipe: Path) -> None:
    data, got = os.urandom(300_000), []
    looks = iter(range(1000))

    def read() -> None:
        got.append(pipe.read_bytes())

    thread = threading.Thread(target=read)

    def given_up() -> bool:
        if next(looks) == 3:
            thread.start()
        return False

    pour([data[:100_000], data[100_000:]], pipe, given_up)
    thread.join()
    assert got == [data]


def test_nobody_is_waited_for_who_is_not_wanted_any_more(pipe: Path) -> None:
    with pytest.raises(OSError, match="nobody reads this pipe"):
        pour([b"data"], pipe, lambda: True)
    reader = reader_of(pipe)
    with pytest.raises(OSError, match="its reader has stopped reading"):
        pour([bytes(1_000_000)], pipe, lambda: True)
    os.close(reader)


def test_a_take_that_nobody_reads_is_kept_elsewhere(
    pipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuge = tmp_path / "refuge"
    refuge.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(refuge))
    check_writable(pipe)
    with pytest.raises(MissingError, match=r"nobody reads this pipe.*; the music is kept in .*rescued-001-pipe\.wav"):
        save_take(pipe, b"music", given_up=lambda: True)
    assert [path.read_bytes() for path in refuge.iterdir()] == [b"music"]


def test_what_goes_back_to_its_head_goes_into_a_pipe_whole(pipe: Path) -> None:
    def fill(part: Path) -> None:
        assert part.suffix == ".wav"
        with part.open("wb") as file:
            file.write(b"....body")
            file.seek(0)
            file.write(b"head")

    reader = reader_of(pipe)
    write_atomically(pipe, fill, cure="make room")
    assert os.read(reader, 100) == b"headbody"
    os.close(reader)
    assert is_device(pipe)


def test_the_systems_links_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("out.wav").symlink_to("/dev/stdout")
    Path("second.wav").symlink_to("out.wav")
    Path("file").touch()
    Path("link").symlink_to("file")
    Path("loop").symlink_to("loop")
    for name in ("out.wav", "second.wav", "/dev/stdout"):
        assert is_standard_output(Path(name))
        assert is_link_of_the_system(Path(name))
    for name in ("file", "link", "loop", "nowhere", "/dev/null"):
        assert not is_standard_output(Path(name))
        assert not is_link_of_the_system(Path(name))


@pytest.mark.parametrize("name", ["/dev/stdout", "link.mid"])
def test_standard_output_gets_the_file_and_nothing_else(
    surrounding: dict[str, str], tmp_path: Path, composer: Callable[..., subprocess.CompletedProcess[str]], name: str
) -> None:
    (tmp_path / "link.mid").symlink_to("/dev/stdout")
    music = ["write", "--style", "scale", "--seed", "1", "--bars", "1", "-o"]
    assert composer(*music, "out.mid").returncode == 0
    command = [sys.executable, "-m", "lstm_composer", *music, name]
    with (tmp_path / "redirected").open("wb") as file:
        result = subprocess.run(
            command, cwd=tmp_path, env=surrounding, stdout=file, stderr=subprocess.PIPE, check=False, timeout=60
        )
    assert (result.returncode, result.stderr.split()[:1]) == (0, [b"4"])
    assert (tmp_path / "redirected").read_bytes() == (tmp_path / "out.mid").read_bytes()
    assert (tmp_path / "link.mid").is_symlink()


def test_a_disk_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stat.S_ISBLK", lambda _: True)
    with pytest.raises(InputError, match=r"/dev/null is a disk, which would be overwritten"):
        check_writable(Path("/dev/null"))


def test_a_log_waits_for_its_reader_beside_the_music(pipe: Path) -> None:
    with EventLog(pipe) as log:
        log.append(ON)
        log.drain()
        reader = reader_of(pipe)
        log.append(ON)
        log.drain()
        assert os.read(reader, 10_000).count(b"\n") == 2
        log.append(ON)
    assert os.read(reader, 10_000).count(b"\n") == 1
    os.close(reader)


def test_a_log_whose_reader_goes_says_so_once_and_takes_the_next(pipe: Path) -> None:
    said: list[str] = []
    with EventLog(pipe, said.append) as log:
        for _ in range(2):
            reader = reader_of(pipe)
            log.append(ON)
            log.drain()
            assert os.read(reader, 10_000)
            os.close(reader)
            log.append(ON)
            log.drain()
    assert said == [f"--events {pipe}: its reader has gone; the music goes on, and the log with the next"]


def test_a_log_whose_reader_stalls_ends_all_the_same_and_keeps_no_more_than_it_may(pipe: Path) -> None:
    with EventLog(pipe) as log:
        log.drain()
        reader = reader_of(pipe)
        for _ in range(MOST_WAITING + 5000):
            log.append(ON)
        log.drain()
        assert len(log._queue) <= MOST_WAITING
    os.close(reader)


def test_a_log_that_nobody_ever_reads_ends_at_once(pipe: Path) -> None:
    with EventLog(pipe) as log:
        log.append(ON)
    assert pipes.open_now(pipe) is None
