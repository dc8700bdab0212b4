"""A user's folder in which nothing is yet, and the program installed and used there."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recipes.trials.waiting import TrialError
from recipes.trials.ways import WHEEL, Way

PATIENCE_SECONDS: Final = 900.0
"""Long enough for a download, and for the program on a busy machine."""
FOREIGN: Final = ("XDG_", "PYTHON", "PIPX_", "UV_", "VIRTUAL_ENV", "LSTM_COMPOSER_")
"""Beginnings of the names of settings that a new user would not have."""


@dataclass(frozen=True, slots=True)
class Home:
    """A user's folder, and a way in which the program is installed there.

    Attributes:
        folder: Where the user's files are; commands run in its `work`.
        way: How the program is installed and started.
        wheel: What is installed.
        python: By which interpreter.
        downloads: Where the tools keep what they fetched.

    """

    folder: Path
    way: Way
    wheel: Path
    python: str
    downloads: Path

    @property
    def work(self) -> Path:
        """The folder in which commands run."""
        return self.folder / "work"

    def surrounding(self) -> dict[str, str]:
        """Return the environment: a new user's, with this machine's network and JACK server."""
        own = {
            "HOME": self.folder,
            "XDG_RUNTIME_DIR": self.folder / "run",
            "TMPDIR": self.folder / "tmp",
            "PATH": f"{self.folder / '.local/bin'}:{os.environ['PATH']}",
            "UV_CACHE_DIR": self.downloads / "uv",
            "PIP_CACHE_DIR": self.downloads / "pip",
            "UV_PYTHON": self.python,
            "PIPX_DEFAULT_PYTHON": self.python,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return kept | {name: str(value) for name, value in own.items()}

    def line(self, line: str) -> list[str]:
        """Return a command line that has a shell run a line of docs/install.md."""
        named = line.replace(WHEEL, self.wheel.name).replace("python3 ", f"{self.python} ")
        return ["sh", "-c", f"exec {named}"]

    def program(self, arguments: str, name: str = "lstm-composer") -> list[str]:
        """Return the command line of a program that was installed."""
        return self.line(f"{self.way.program}{name} {arguments}")

    def run(self, command: list[str], code: int = 0) -> str:
        """Run a command to its end; its exit code must be this one. Return all that it prints.

        Raises:
            TrialError: If it ends with another.

        """
        result = subprocess.run(
            command,
            cwd=self.work,
            env=self.surrounding(),
            timeout=PATIENCE_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if result.returncode != code:
            raise TrialError(f"{command[-1]} ends with {result.returncode}: {result.stdout.strip()[-1000:]}")
        return result.stdout

    @contextmanager
    def started(self, command: list[str], output: Path) -> Iterator[subprocess.Popen[bytes]]:
        """Start a command as a terminal does, as the first of a process group; whatever of it is left is killed."""
        with (
            output.open("wb") as file,
            subprocess.Popen(
                command,
                cwd=self.work,
                env=self.surrounding(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    def files(self) -> set[str]:
        """Return what is in the folder: paths below it, those of folders with a slash at the end."""
        return {f"{path.relative_to(self.folder)}{'/' * path.is_dir()}" for path in self.folder.rglob("*")}


@contextmanager
def new_home(way: Way, wheel: Path, python: str, downloads: Path) -> Iterator[Home]:
    """Make a user's folder with the wheel in its `work`, and throw it away afterwards."""
    with tempfile.TemporaryDirectory(prefix="lstm-composer-home-") as name:
        home = Home(Path(name), way, wheel, python, downloads)
        for folder in ("work", "run", "tmp"):
            (home.folder / folder).mkdir(mode=0o700)
        (home.work / wheel.name).symlink_to(wheel)
        yield home
