import os

import pytest

from lstm_composer.trainer.network.quiet_tensorflow import quiet_tensorflow


def load(notes: str, error: Exception | None = None) -> None:
    """Import something that writes notes while it is loaded, and may then fail."""
    with quiet_tensorflow():
        os.write(2, notes.encode())
        if error is not None:
            raise error


def test_notes_while_loading_are_held_back(capfd: pytest.CaptureFixture[str]) -> None:
    load("oneDNN custom operations are on\n")
    os.write(2, b"and then a word of ours\n")
    assert capfd.readouterr().err == "and then a word of ours\n"


def test_a_failure_tells_all(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportError, match="broken"):
        load("libcudart is of another version\n", ImportError("broken"))
    assert capfd.readouterr().err == "libcudart is of another version\n"


def test_a_missing_module_is_told_in_the_line_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ModuleNotFoundError):
        load("oneDNN custom operations are on\n", ModuleNotFoundError("symusic"))
    assert capfd.readouterr().err == ""


def test_no_file_is_left_open() -> None:
    load("")
    before = os.dup(2)
    os.close(before)
    load("")
    after = os.dup(2)
    os.close(after)
    assert after == before
