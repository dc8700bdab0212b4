"""The user's folders, with or without a home."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from lstm_composer.runtime.bundle.library import model_dirs
from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.user_folders import (
    expanded,
    home,
    user_cache_dir,
    user_config_dir,
    user_data_dir,
    user_runtime_dir,
)

FINDERS = (user_data_dir, user_config_dir, user_cache_dir, user_runtime_dir)
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has other folders")


@pytest.fixture
def homeless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No home and no entry in the users' table; returns the folder for temporary files."""

    def none(*_: object) -> object:
        raise KeyError("getpwuid(): uid not found")

    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", none)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@POSIX
def test_with_a_home_they_are_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert home() == tmp_path
    if sys.platform != "darwin":
        assert user_data_dir() == tmp_path / ".local" / "share" / "lstm-composer"


@POSIX
def test_without_one_they_are_folders_that_are_the_users_alone(homeless: Path) -> None:
    assert home() is None
    found = [find() for find in (user_data_dir, user_config_dir, user_cache_dir)]
    refuge = homeless / f"lstm-composer-{os.getuid()}"
    assert found == [refuge / "data", refuge / "config", refuge / "cache"]
    assert stat.S_IMODE(refuge.stat().st_mode) == 0o700
    assert user_runtime_dir().is_absolute()
    assert all(path.is_absolute() for path in model_dirs())


@POSIX
@pytest.mark.parametrize("kind", ["open", "link", "file"])
def test_a_folder_that_others_may_have_filled_is_not_used(homeless: Path, kind: str) -> None:
    refuge = homeless / f"lstm-composer-{os.getuid()}"
    other = homeless / "other"
    other.mkdir(mode=0o700)
    if kind == "open":
        refuge.mkdir()
        refuge.chmod(0o777)
    elif kind == "link":
        refuge.symlink_to(other)
    else:
        refuge.touch()
    assert not user_data_dir().is_relative_to(homeless)
    assert not user_data_dir().exists()


@POSIX
@pytest.mark.parametrize("source", ["~nosuchuser/x", "~nosuchuser"])
def test_a_home_that_there_is_not_is_told(source: str) -> None:
    with pytest.raises(InputError, match=f"{source}: there is no home folder of that user: write the path in full"):
        expanded(source)
    assert expanded("a/~b") == Path("a/~b")


@POSIX
def test_a_path_in_no_home_is_told(homeless: Path) -> None:
    with pytest.raises(InputError, match="there is no home folder"):
        expanded("~/music")


def test_folders_that_the_system_names_only_in_part_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in ("user_data_dir", "user_config_dir", "user_cache_dir", "user_runtime_dir"):
        monkeypatch.setattr(f"platformdirs.{name}", lambda *_, **__: "~/in/part")
    assert {find().parent.parent for find in FINDERS} == {tmp_path}


def test_where_nothing_can_be_put_there_is_nothing(monkeypatch: pytest.MonkeyPatch, homeless: Path) -> None:
    def none() -> str:
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr("tempfile.gettempdir", none)
    assert not user_data_dir().exists()


@POSIX
@pytest.mark.parametrize(
    "line", ["styles", "write --style scale --bars 1 -o x.mid", "doctor --quick", "monitor --json"]
)
def test_a_present_folder_that_has_been_removed_is_no_traceback(surrounding: dict[str, str], line: str) -> None:
    script = f'mkdir gone && cd gone && rmdir ../gone && exec "$0" -m lstm_composer {line}'
    result = subprocess.run(
        ["sh", "-c", script, sys.executable],
        cwd=surrounding["HOME"],
        env=surrounding,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == (2 if line.startswith(("write", "monitor")) else 0)
    assert "Traceback" not in result.stderr
    assert result.stderr.count("\n") == (result.returncode == 2)
