"""Files appear whole or not at all; what was there before stays when writing fails."""

import os
import platform
import stat
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.system.atomic_files import (
    is_device,
    remove_leftovers,
    write_atomically,
    write_bytes_atomically,
)

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
LIMITED = """
import resource, sys
from pathlib import Path
from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.system.atomic_files import write_bytes_atomically

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_bytes_atomically(Path(sys.argv[1]), bytes(100_000))
except MissingError as error:
    sys.exit(str(error))
"""


@pytest.fixture
def umask() -> Iterator[Callable[[int], int]]:
    """Return the function that sets the umask until the test is over."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_written_and_replaced(tmp_path: Path, umask: Callable[[int], int]) -> None:
    path = tmp_path / "new" / "folder" / "file"
    write_bytes_atomically(path, b"first")
    write_bytes_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert [file.name for file in path.parent.iterdir()] == ["file"]
    assert mode_of(path) == 0o644


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask")
@pytest.mark.parametrize(("mask", "mode"), [(0o000, 0o666), (0o002, 0o664), (0o027, 0o640), (0o077, 0o600)])
def test_a_new_file_has_the_permissions_that_the_umask_leaves(
    tmp_path: Path, umask: Callable[[int], int], mask: int, mode: int
) -> None:
    umask(mask)
    seen: list[int] = []

    def fill(part: Path) -> None:
        seen.append(mode_of(part))
        part.write_bytes(b"data")

    write_atomically(tmp_path / "file.bin", fill, cure="")
    assert (mode_of(tmp_path / "file.bin"), seen) == (mode, [mode])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755, 0o444])
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path: Path, umask: Callable[[int], int], mode: int) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(mode)
    seen: list[int] = []
    write_atomically(path, lambda part: seen.append(mode_of(part)), cure="")
    assert mode_of(path) == mode
    assert not seen[0] & ~(mode | 0o200)  # at no time readable for more than the file was


KILLED = """
import os, signal, sys
from pathlib import Path
from lstm_composer.runtime.system.atomic_files import write_atomically

write_atomically(Path(sys.argv[1]), lambda part: os.kill(os.getpid(), signal.SIGKILL), cure="")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell whether a process runs")
def test_what_a_killed_process_leaves_goes_with_the_next_file(tmp_path: Path, surrounding: dict[str, str]) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "epoch_0001.keras"
    subprocess.run([sys.executable, "-c", KILLED, str(path)], env=surrounding, check=False, timeout=60)
    [left] = folder.iterdir()
    assert left.name.startswith(".lstm-composer-")
    assert left.suffix == ".keras"
    write_bytes_atomically(path, b"data")
    assert [file.name for file in folder.iterdir()] == [path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell whether a process runs")
def test_only_what_nobody_writes_any_more_is_left_over(tmp_path: Path) -> None:
    here, ended = zlib.crc32(platform.node().encode()), subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    number = "0123456789abcdef"
    others = [f".lstm-composer-{here:08x}-{os.getpid()}-{number}.keras", ".hidden.keras", ".lstm-composer", "a.mid"]
    others += [f".lstm-composer-{here ^ 1:08x}-{ended.pid}-{number}.keras"]
    for name in (*others, f".lstm-composer-{here:08x}-{ended.pid}-{number}.keras"):
        (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(others)
    os.utime(tmp_path / others[-1], (0, 0))  # another machine's, and old
    remove_leftovers(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(others[:-1])


def test_an_old_file_stays_when_the_new_one_does_not_fit(tmp_path: Path, surrounding: dict[str, str]) -> None:
    pytest.importorskip("resource", reason="Windows limits no file sizes")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_bytes(b"old")
    command = [sys.executable, "-c", LIMITED, str(folder / "file")]
    result = subprocess.run(command, env=surrounding, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 1
    assert (
        result.stderr.strip()
        == f"{folder / 'file'} cannot be written (File too large): make room, or name another place"
    )
    assert [(file.name, file.read_bytes()) for file in folder.iterdir()] == [("file", b"old")]


def test_an_old_file_stays_when_writing_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"old")

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_bytes_atomically(tmp_path / "file", b"new")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("file", b"old")]


def test_a_place_where_nothing_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "below", tmp_path / ("n" * 300), tmp_path):
        with pytest.raises(MissingError, match=r"cannot be written \(.*\): .*name another place"):
            write_bytes_atomically(path, b"data")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    if not hasattr(os, "mkfifo"):
        pytest.skip("Windows has no named pipes in folders")
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_bytes_atomically(pipe, b"data")
    assert os.read(reader, 100) == b"data"
    os.close(reader)
    assert is_device(pipe)
    assert not is_device(tmp_path)
    assert not is_device(tmp_path / "nowhere")


@ON_LINUX
def test_a_full_device(tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.symlink_to("/dev/full")  # a mistake here would replace the link, not the device
    with pytest.raises(MissingError, match=r"full cannot be written \(No space left on device\): make room, or"):
        write_bytes_atomically(full, b"data")
    assert is_device(full)
    assert full.is_symlink()
