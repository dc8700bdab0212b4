"""How a command ends: by any signal, in words, and from the first moment on."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.process_exit import (
    EXIT_DONE,
    EXIT_WRONG,
    ending_signals,
    handled_by,
    heeded_signals,
    in_words,
)

PATIENCE_SECONDS = 60.0
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems have other signals")


@ON_LINUX
def test_every_signal_that_would_end_the_process_is_known() -> None:
    names = {signal.Signals(number).name for number in ending_signals() if number < signal.SIGRTMIN}
    assert names == {
        *("SIGHUP", "SIGINT", "SIGQUIT", "SIGTRAP", "SIGABRT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGTERM"),
        *("SIGSTKFLT", "SIGXCPU", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGPWR", "SIGSYS"),
    }
    assert set(range(signal.SIGRTMIN, signal.SIGRTMAX + 1)) <= set(ending_signals())


@ON_LINUX
def test_what_was_ignored_at_the_start_stays_so_but_for_what_stops_it() -> None:
    with handled_by(signal.SIG_IGN, [signal.SIGQUIT, signal.SIGINT, signal.SIGTERM]):  # type: ignore[arg-type] # no function
        assert {signal.SIGINT, signal.SIGTERM} <= set(ending_signals())
        assert signal.SIGQUIT not in ending_signals()
        assert signal.SIGTERM in heeded_signals()
        assert signal.SIGINT not in heeded_signals()


@pytest.mark.parametrize("number", ending_signals())
def test_any_signal_ends_any_command_without_a_word(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(number)

    def work() -> int:
        signal.raise_signal(number)
        return 1

    assert in_words(work) == EXIT_DONE
    assert tuple(capsys.readouterr()) == ("", "")
    assert signal.getsignal(number) is before


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (InputError("a\x1b[31m\nb"), r"lstm-composer: a\x1b[31m b"),
        (InputError("x" * 100_000), None),
        (OSError(errno.ENAMETOOLONG, "File name too long", "n"), "lstm-composer: the system refuses n (File name too"),
    ],
)
def test_what_is_wrong_is_one_line(error: Exception, line: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> int:
        raise error

    assert in_words(work) == EXIT_WRONG
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert len(said) < 2000
    assert said.startswith(line or "lstm-composer: xxx")


def test_a_bug_is_raised() -> None:
    def work() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_words(work)


def run_python(surrounding: dict[str, str], code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, env=surrounding, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )


def test_before_it_is_ready_nothing_is_loaded_that_takes_time(surrounding: dict[str, str]) -> None:
    code = (
        "import sys; before = {*sys.modules}; import lstm_composer.runtime.cli.start; print(*{*sys.modules} - before)"
    )
    assert set(run_python(surrounding, code).stdout.split()) == {
        "lstm_composer",
        "lstm_composer.runtime",
        "lstm_composer.runtime.cli",
        "lstm_composer.runtime.cli.start",
    }


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_program_loads_ends_it_without_a_word(
    surrounding: dict[str, str], number: signal.Signals
) -> None:
    start = "import os, time, lstm_composer.runtime.cli.start; lstm_composer.runtime.cli.start.begin()"
    code = f"{start}; os.kill(os.getpid(), {number:d}); time.sleep(60)"
    result = run_python(surrounding, code)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_comes_after_all_is_done_changes_nothing(
    surrounding: dict[str, str], number: signal.Signals
) -> None:
    last = f"class Last:\n    def __del__(self): os.kill(os.getpid(), {number:d})"
    code = f"import os, sys, lstm_composer.runtime.cli.start as start\n{last}\nstart.begin(); sys.last = Last()"
    result = run_python(surrounding, code)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def playing(surrounding: dict[str, str], folder: Path, *more: str) -> "subprocess.Popen[str]":
    """Start to play and wait for the first note."""
    command = [sys.executable, "-m", "lstm_composer", "play", "--style", "scale", "--backend", "none", "--tempo", "100"]
    command += ["--temperature", "0", "--seed", "1", "--take", "take.mid", "--events", "events.jsonl", *more]
    process = subprocess.Popen(command, cwd=folder, env=surrounding, stderr=subprocess.PIPE, text=True)
    log, end = folder / "events.jsonl", time.monotonic() + PATIENCE_SECONDS
    while not (log.exists() and "note_on" in log.read_text()):
        assert process.poll() is None, "play ended of itself"
        assert time.monotonic() < end, "no note was played"
        time.sleep(0.01)
    return process


@pytest.fixture
def end_of(
    surrounding: dict[str, str], tmp_path: Path
) -> Callable[["subprocess.Popen[str]"], tuple[list[tuple[str, int]], str]]:
    """What was sent, and what was said, of a process that is to end by itself now."""

    def wait(process: "subprocess.Popen[str]") -> tuple[list[tuple[str, int]], str]:
        with process:
            try:
                _, errors = process.communicate(timeout=PATIENCE_SECONDS)
            finally:
                process.kill()
        assert process.returncode == 0, errors
        events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
        return [(event["kind"], event["note"]) for event in events], errors

    return wait


@ON_LINUX
def test_a_fault_that_is_sent_from_outside_ends_the_notes(
    surrounding: dict[str, str], tmp_path: Path, end_of: Callable[..., tuple[list[tuple[str, int]], str]]
) -> None:
    process = playing(surrounding, tmp_path)
    process.send_signal(signal.SIGSEGV)
    sent, _ = end_of(process)
    assert sent[-2:] == [("control_change", 64), ("control_change", 123)]
    assert (tmp_path / "take.mid").exists()


@ON_LINUX
def test_a_fault_of_its_own_ends_the_process_as_ever(surrounding: dict[str, str]) -> None:
    code = "from lstm_composer.runtime.cli import start; start.begin(); import ctypes; ctypes.string_at(0)"
    assert run_python(surrounding, code).returncode == -signal.SIGSEGV


@pytest.mark.skipif(not hasattr(signal, "SIGTSTP"), reason="there is no Ctrl-Z here")
def test_what_sounds_is_ended_before_the_terminal_stops_the_process(
    surrounding: dict[str, str], tmp_path: Path, end_of: Callable[..., tuple[list[tuple[str, int]], str]]
) -> None:
    process = playing(surrounding, tmp_path)
    process.send_signal(signal.SIGTSTP)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    process.send_signal(signal.SIGCONT)
    log, end = tmp_path / "events.jsonl", time.monotonic() + PATIENCE_SECONDS
    while '"note":123' not in log.read_text():  # sent before the stop, written after it
        assert time.monotonic() < end, "nothing was ended"
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    sent, _ = end_of(process)
    stopped = sent.index(("control_change", 64))
    starts = [note for kind, note in sent[:stopped] if kind == "note_on"]
    assert sorted(starts) == sorted(note for kind, note in sent[:stopped] if kind == "note_off")
