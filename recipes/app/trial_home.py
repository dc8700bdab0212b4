"""A home for the app that is tried: the only folder that holds anything of the user's."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PATIENCE_SECONDS: Final = 120.0
_BETWEEN_LOOKS_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Home:
    """The only folder that holds anything of the user's."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What is started here finds neither Python's packages nor folders of the real user's."""
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "JACK_DEFAULT_SERVER")}
        named = ("HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
        return kept | dict.fromkeys(named, str(self.folder)) | {"TMPDIR": str(self.temporary)}

    @property
    def temporary(self) -> Path:
        """Where temporary files are made."""
        return self.folder / "temporary"

    def run(self, program: Sequence[str], *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        return subprocess.run(
            [*program, *arguments],
            cwd=self.folder,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )

    def processes(self) -> list[str]:
        """Return the command lines of the processes that were started here and still run."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                is_ours = f"HOME={self.folder}".encode() in (folder / "environ").read_bytes().split(b"\0")
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            except OSError:
                continue
            found += [words] if is_ours and words else []
        return found


@contextmanager
def home() -> Iterator[Home]:
    """Make one; in the end nothing may run there, and no temporary file be left."""
    with tempfile.TemporaryDirectory(prefix="app-check-") as folder:
        made = Home(Path(folder))
        made.temporary.mkdir()
        yield made
        require(not (left := made.processes()), f"still running: {left}")
        require(not (files := [path.name for path in made.temporary.iterdir()]), f"temporary files left: {files}")


def require(condition: object, otherwise: str) -> None:
    """End this program with what is wrong unless a condition holds."""
    if not condition:
        raise SystemExit(f"FAILED: {otherwise}")


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something, and end this program if it does not come."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        require(time.monotonic() < end, f"waited in vain for {what}")
        time.sleep(_BETWEEN_LOOKS_SECONDS)
