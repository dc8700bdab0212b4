"""Names that are claimed, asked for, and left to a process that inherits them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lstm_composer.runtime.system.claims import claim, is_claimed

WAITS = "import sys; sys.stdin.read()"


def test_a_name_is_claimed_as_long_as_it_is_held(tmp_path: Path) -> None:
    path = tmp_path / "take.mid"
    assert not is_claimed(path)
    held = claim(path)
    assert held is not None
    assert is_claimed(path)
    held.release()
    assert not is_claimed(path)
    assert list(tmp_path.iterdir()) == []


def test_asking_claims_nothing(tmp_path: Path) -> None:
    path = tmp_path / "take.mid"
    (tmp_path / ".take.mid.lock").touch()  # as a program leaves it that was killed
    assert not is_claimed(path)
    held = claim(path)
    assert held is not None
    held.release()


@pytest.mark.skipif(os.name != "posix", reason="a lock is not inherited there")
def test_a_name_that_is_left_to_a_process_is_claimed_until_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "process"
    held = claim(path)
    assert held is not None
    with subprocess.Popen([sys.executable, "-c", WAITS], stdin=subprocess.PIPE, pass_fds=(held.handle,)) as process:
        held.leave_to_heirs()
        assert is_claimed(path)
        assert claim(path) is None
        process.kill()
        process.wait()
        assert not is_claimed(path)
