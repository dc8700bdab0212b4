"""What a user does with the program: each trial returns what the table says of it, or raises a TrialError."""

import hashlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final
from urllib.request import HTTPCookieProcessor, build_opener

from recipes.trials.home import Home
from recipes.trials.jack_receiver import (
    ALL_NOTES_OFF,
    PORT,
    RECEIVER,
    RECEIVER_PORT,
    messages_of,
    received_messages,
    running,
)
from recipes.trials.waiting import TrialError, wait_for

PLAYED: Final = "--style chopin --bars 4 --seed 1 --tempo 240"
WRITTEN: Final = "write --style bach --bars 8 --seed 1 -o music.mid"
ADDRESS: Final = re.compile(r"http://127\.0\.0\.1:\d+/\S+")
END_SECONDS: Final = 30.0
INTERRUPTED: Final = "Ctrl-C"
SIGNALS: Final = {INTERRUPTED: signal.SIGINT, "SIGTERM": signal.SIGTERM}


def styles(home: Home) -> str:
    """List the styles."""
    return f"{home.run(home.program('styles')).count('base.onnx.json')} styles"


def write(home: Home) -> str:
    """Write music; the digest must be that of all other ways."""
    home.run(home.program(WRITTEN))
    return hashlib.sha256((home.work / "music.mid").read_bytes()).hexdigest()[:12]


def score(home: Home) -> str:
    """Engrave what was written."""
    home.run(home.program("render music.mid -o music.svg"))
    return "svg" if b"<svg" in (home.work / "music.svg").read_bytes()[:2000] else "no <svg"


def play_unheard(home: Home) -> str:
    """Play without a port."""
    said = home.run(home.program(f"play --backend none {PLAYED}"))
    if (played := re.search(r"(\d+) notes played", said)) is None:
        raise TrialError(f"play says {said!r}")
    return f"{played[1]} notes"


def play_over_jack(home: Home) -> str:
    """Play into JACK; what a receiver gets must be what `write` writes."""
    home.run(home.program(f"write {PLAYED} -o expected.mid"))
    expected = messages_of(home.work / "expected.mid")
    received = _heard(home, f"play --backend jack --lead-in 4 {PLAYED}", _ended_by_itself)
    if received[: len(expected)] != expected:
        raise TrialError(f"{len(received)} messages received, not the {len(expected)} of write")
    return f"{len(expected)} messages"


def play_and_end(home: Home) -> str:
    """Play endlessly, and end it by each signal: the last message ends all notes, the exit code is 0."""
    for name in SIGNALS:
        received = _heard(home, "play --backend jack --style chopin --tempo 240", _ended_by(name))
        ended = sum(one[0] == 0x90 and one[2] > 0 for one in received)
        if not ended:
            raise TrialError("no note came before the signal")
    return "ended, 0"


def panel(home: Home) -> str:
    """Open the panel's page, and end it by each signal."""
    output = home.work / "panel.txt"
    for name in SIGNALS:
        with home.started(home.program("panel --no-browser"), output) as process:
            address = wait_for(lambda: ADDRESS.search(output.read_text()), "the panel's address")
            # A cookie takes the token's place.
            with build_opener(HTTPCookieProcessor()).open(address[0], timeout=END_SECONDS) as answer:
                page = answer.read()
            if b"LSTM Composer" not in page:
                raise TrialError(f"the panel's page is {page[:200]!r}")
            _end(process, name)
    return "page, ended, 0"


def train(home: Home) -> str:
    """Train without the extra: one line, exit code 2."""
    said = home.run(home.program(". --name x", name="composer-train"), code=2).strip().splitlines()
    if len(said) != 1 or "train]" not in said[0]:
        raise TrialError(f"composer-train says {said}")
    return "one line, 2"


def export(home: Home) -> str:
    """Export without the extra: one line, exit code 2."""
    (home.work / "runs/x").mkdir(parents=True)
    said = home.run(home.program("--epoch best", name="composer-export"), code=2).strip().splitlines()
    if len(said) != 1:
        raise TrialError(f"composer-export says {said}")
    return "one line, 2"


TRIALS: Final[dict[str, Callable[[Home], str]]] = {
    "styles": styles,
    "write": write,
    "score": score,
    "play, no port": play_unheard,
    "play, JACK": play_over_jack,
    "play, signals": play_and_end,
    "panel, signals": panel,
    "train": train,
    "export": export,
}


def _heard(
    home: Home, arguments: str, end: Callable[[subprocess.Popen[bytes], Callable[[], int]], None]
) -> list[tuple[int, ...]]:
    """Have `play` heard by a receiver until `end` has ended it; return what was received up to the last message."""
    output = home.folder / "tmp/received.txt"
    with ExitStack() as stack:
        stack.enter_context(running(RECEIVER, output))
        player = stack.enter_context(home.started(home.program(arguments), home.work / "play.txt"))
        wait_for(_connected, "the composer's port")
        end(player, lambda: len(received_messages(output)))
        wait_for(lambda: ALL_NOTES_OFF in received_messages(output), "the last message")
        received = received_messages(output)
    output.unlink()
    return received


def _connected() -> bool:
    return subprocess.run(("jack_connect", PORT, RECEIVER_PORT), capture_output=True, check=False).returncode == 0


def _ended_by_itself(process: subprocess.Popen[bytes], _count: Callable[[], int]) -> None:
    if code := process.wait(timeout=END_SECONDS):
        raise TrialError(f"play ends with {code}")


def _ended_by(name: str) -> Callable[[subprocess.Popen[bytes], Callable[[], int]], None]:
    def end(process: subprocess.Popen[bytes], count: Callable[[], int]) -> None:
        wait_for(lambda: count() > 10, "a few notes")
        _end(process, name)

    return end


def _end(process: subprocess.Popen[bytes], name: str) -> None:
    """Send a signal, Ctrl-C to the group as a terminal does; the program must end with 0."""
    began = time.monotonic()
    if name == INTERRUPTED:
        os.killpg(process.pid, SIGNALS[name])
    else:
        process.send_signal(SIGNALS[name])
    try:
        code = process.wait(timeout=END_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise TrialError(f"does not end within {END_SECONDS:g} s of {name}") from error
    if code != 0:
        raise TrialError(f"ends with {code} {time.monotonic() - began:.1f} s after {name}")
