"""The folder is used only if it is this user's alone."""

import os
import warnings
from pathlib import Path

import pytest

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.monitor.private_folder import check_private, folder, make_private

posix = pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX's")


def test_the_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "lstm-composer" in str(folder())


def test_it_is_made_for_this_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "runtime-1000" / "lstm-composer"
    make_private(path)
    check_private(path)
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o700


@posix
def test_one_of_ours_that_others_may_read_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "open"
    path.mkdir(mode=0o755)
    make_private(path)
    assert path.stat().st_mode & 0o777 == 0o700


@posix
def test_one_below_a_folder_that_others_may_change_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "runtime-1000"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(MissingError, match=r"is not private, other users can change .*runtime-1000: set XDG_RUNTIME_D"):
        make_private(shared / "lstm-composer")
    shared.chmod(0o1777)  # as /tmp: what is in it can be removed by its owner alone
    make_private(shared / "lstm-composer")


@posix
def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "lstm-composer").symlink_to(tmp_path / "real")
    with pytest.raises(MissingError, match="is not a folder of this user"):
        make_private(tmp_path / "lstm-composer")


@posix
def test_a_link_above_it_is_followed_and_looked_at(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (tmp_path / "runtime-1000").symlink_to(shared)
    make_private(tmp_path / "runtime-1000" / "lstm-composer")
    shared.chmod(0o777)
    with pytest.raises(MissingError, match=r"other users can change .*shared"):
        make_private(tmp_path / "runtime-1000" / "lstm-composer")


@posix
def test_another_users_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lstm-composer"
    path.mkdir(mode=0o700)
    monkeypatch.setattr("lstm_composer.runtime.monitor.private_folder.os.geteuid", lambda: os.getuid() + 4711)
    with pytest.raises(MissingError, match="is not a folder of this user"):
        make_private(path)


@pytest.mark.parametrize("name", ["file/lstm-composer", "file", "x" * 300, "null\0character"])
def test_one_that_cannot_be_made_is_told_in_a_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MissingError, match="XDG_RUNTIME_DIR"):
        make_private(tmp_path / name)


@posix
def test_one_that_is_not_there_is_not_private(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="cannot be used"):
        check_private(tmp_path / "nowhere")


@pytest.mark.parametrize("error", [RuntimeError("no home"), PermissionError("runtime-1000 is another user's")])
def test_a_user_without_such_a_folder_is_told_so(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def lost(*_: object, **__: object) -> str:
        raise error

    monkeypatch.setattr("platformdirs.user_runtime_dir", lost)
    with pytest.raises(MissingError, match=rf"no folder for running programs \({error}\)"):
        folder()


@posix
def test_what_is_made_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_private(tmp_path / "runtime-1000" / "lstm-composer")
    finally:
        os.umask(before)
