"""Try the wheel as its users would: installed by uv, pipx and pip, used, ended by signals, and uninstalled.

    python recipes/trials/install_ways.py [--python python3.13]... [--way "uv tool"]... [--wheel FILE]

Needs the environment of `make test`, uv and pipx on PATH (both come from PyPI), and JACK's server and tools. Each way
has a user's folder of its own, in which nothing is but what it puts there; what the tools download is kept in
--downloads. A table says what each trial gave and what is left after uninstalling. Ends with an error if anything is
not as docs/install.md says. The wheel is built here, twice, and must be the same (`wheels`), unless one is named.
"""

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.common.jack_server import dummy_server
from recipes.trials.home import Home, new_home
from recipes.trials.use import TRIALS
from recipes.trials.waiting import TrialError
from recipes.trials.ways import WAYS
from recipes.trials.wheels import build_wheel

PROGRAMS: Final = ("uv", "uvx", "pipx", "jackd", "jack_connect", "jack_midi_dump", "stdbuf")
USERS_DATA: Final = ".local/share/lstm-composer/"
OURS: Final = "lstm"


def main() -> None:
    """Try each way with each Python."""
    arguments = parse()
    if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
        sys.exit(f"missing: {', '.join(missing)}; pip install uv pipx, apt-get install jackd2 jack-tools")
    # Started in the background, this would ignore Ctrl-C, and so would all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    ways = [way for way in WAYS if not arguments.way or way.name in arguments.way]
    with tempfile.TemporaryDirectory() as scratch, dummy_server():
        wheel = arguments.wheel.resolve() if arguments.wheel else build_wheel(Path(scratch))
        downloads = (arguments.downloads or Path(scratch) / "downloads").resolve()
        rows = {}
        for python in arguments.python or [sys.executable]:
            interpreter = shutil.which(python) or sys.exit(f"{python} is not here")
            for way in ways:
                with new_home(way, wheel, interpreter, downloads) as home:
                    version = version_of(home)
                    rows[f"{way.name}, {version}"] = tried(home)
    show(rows)
    if len({cells["write"] for cells in rows.values()}) > 1:
        sys.exit("write does not give the same everywhere")
    if any(text.startswith("NO") for cells in rows.values() for text in cells.values()):
        sys.exit(1)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Try the wheel as its users would.")
    parser.add_argument("--python", action="append", metavar="COMMAND", help="default: the one that runs this")
    parser.add_argument("--way", action="append", choices=[way.name for way in WAYS], help="default: each")
    parser.add_argument("--wheel", type=Path, metavar="FILE", help="default: one that is built here")
    parser.add_argument("--downloads", type=Path, metavar="FOLDER", help="default: thrown away at the end")
    return parser.parse_args()


def version_of(home: Home) -> str:
    """Return the version of the interpreter."""
    return home.run([home.python, "-c", "import platform; print(platform.python_version())"]).strip()


def tried(home: Home) -> dict[str, str]:
    """Install, try and uninstall; return the cells of a row."""
    before = home.files()
    cells = dict(attempts(home))
    cells["left"] = what_is_left(home, home.files() - before)
    print(f"{home.way.name}, {home.python}: {cells}", flush=True)
    return cells


def attempts(home: Home) -> Iterator[tuple[str, str]]:
    """Do one thing after another; what goes wrong is a cell that begins with NO. It ends where installing does."""
    is_there = True
    for name, trial in ({"install": installed} | TRIALS | {"uninstall": uninstalled}).items():
        try:
            yield name, trial(home) if is_there else "-"
        except TrialError as error:
            is_there = is_there and name != "install"
            yield name, f"NO: {error}"


def installed(home: Home) -> str:
    """Install the wheel with its extras."""
    for line in home.way.install:
        home.run(home.line(line))
    return "yes" if home.way.install else "-"


def uninstalled(home: Home) -> str:
    """Take it away again; what the user wrote stays in the folder of the work, which is looked at no further."""
    for line in home.way.uninstall:
        home.run(home.line(line))
    shutil.rmtree(home.work)
    return "yes" if home.way.uninstall else "-"


def what_is_left(home: Home, files: set[str]) -> str:
    """Say what is left: the user's data, what the tool keeps for itself, and, which is wrong, anything else."""
    left = {name for name in files if not name.endswith("/")}
    data = {name for name in left if name.startswith(USERS_DATA)}
    tools = {name for name in left - data if name.startswith(home.way.tools_own)}
    wrong = left - data - tools
    if home.way.uninstall:
        # A tool's log and lock may have our name; a file of ours may not be there.
        wrong |= {name for name in tools if f"{OURS}_composer" in name or f"bin/{OURS}" in name}
    kept = ", ".join(sorted(name.removeprefix(USERS_DATA) for name in data)) or "nothing"
    return f"NO: {sorted(wrong)}" if wrong else f"{kept}; {len(tools)} of the tool"


def show(rows: dict[str, dict[str, str]]) -> None:
    """Print the table: a column for each way, a row for each trial."""
    table = Table("", *rows, title="Installing without a clone")
    for trial in next(iter(rows.values())):
        table.add_row(trial, *(cells[trial] for cells in rows.values()))
    Console(width=240).print(table)


if __name__ == "__main__":
    main()
