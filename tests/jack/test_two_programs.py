"""Two composers at once: the second has a name that one can read, and says so."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from benchmarks.common.jack_server import JackServer
from tests.support.waiting import wait_for

PATIENCE_SECONDS = 20.0

pytestmark = pytest.mark.timeout(60)


@contextmanager
def playing(tiny_models: Path, said: list[str]) -> Iterator[None]:
    """Play until the block ends; `said` gets the lines that the program writes."""
    command = [
        *(sys.executable, "-m", "lstm_composer", "play", "--style", "scale", "--models-dir", str(tiny_models)),
        *("--tempo", "200", "--backend", "jack"),
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        reader = threading.Thread(target=said.extend, args=(process.stderr,))
        reader.start()
        try:
            yield
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_SECONDS) == 0
        finally:
            process.kill()
            reader.join()


def wait_for_port(name: str) -> None:
    wait_for(lambda: name in ports(), f"the port {name}")


def ports() -> list[str]:
    return subprocess.run(["jack_lsp"], capture_output=True, text=True, timeout=10, check=True).stdout.splitlines()


def test_the_second_is_called_so(jack_server: JackServer, tiny_models: Path) -> None:
    first: list[str] = []
    second: list[str] = []
    with ExitStack() as stack:
        stack.enter_context(playing(tiny_models, first))
        wait_for_port("LSTM Composer:LSTM Composer")
        stack.enter_context(playing(tiny_models, second))
        wait_for_port("LSTM Composer 2:LSTM Composer 2")
        ours = [name for name in ports() if name.startswith("LSTM Composer")]
    names = ("LSTM Composer", "LSTM Composer 2")
    assert sorted(ours) == sorted(f"{name}:{port}" for name in names for port in (name, f"{name} in"))
    notice = 'another program is "LSTM Composer" already: this one is "LSTM Composer 2"\n'
    assert notice not in first
    assert notice in second
