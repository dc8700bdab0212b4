"""Files appear whole or not at all; what was there before stays when writing fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.errors import MissingError
from runtime.whole_files import is_device, write_whole

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
LIMITED = """
import resource, sys
from pathlib import Path
from runtime.errors import MissingError
from runtime.whole_files import write_whole

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_whole(Path(sys.argv[1]), bytes(100_000))
except MissingError as error:
    sys.exit(str(error))
"""


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file"
    write_whole(path, b"first")
    write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert [file.name for file in path.parent.iterdir()] == ["file"]
    assert path.stat().st_mode & 0o777 == 0o644


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
        write_whole(tmp_path / "file", b"new")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("file", b"old")]


def test_a_place_where_nothing_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "below", tmp_path / ("n" * 300), tmp_path):
        with pytest.raises(MissingError, match=r"cannot be written \(.*\): .*name another place"):
            write_whole(path, b"data")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    if not hasattr(os, "mkfifo"):
        pytest.skip("Windows has no named pipes in folders")
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, b"data")
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
        write_whole(full, b"data")
    assert is_device(full)
    assert full.is_symlink()
