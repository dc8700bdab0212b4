"""Check the app as those who are given it use it, beside the installed program.

    python recipes/app/check.py [--starts N] [--cold]

It needs what `make test` installs, Chromium, JACK and, to see each file that is written, strace. Nothing of the user's
is touched: the app has a home of its own here, and Python and its packages are out of its reach. What is checked:
`write` and `render` give the bytes of the installed program; what is played arrives in JACK; the panel composes in a
browser, starts `play` and ends by its button and by Ctrl-C with no process left; no file is written outside of the
user's folders; what cannot be done is said in a line. Then it is timed: from the start of the process to the page
that can be used. --cold has the system forget the program's files before each start, as after the machine was started.
"""

import argparse
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, expect

from benchmarks.common.jack_server import dummy_server
from benchmarks.common.panel_process import chromium
from benchmarks.common.tables import print_table
from lstm_composer.runtime.midi.reader import read_music
from lstm_composer.runtime.system.installation import TRAINING_ELSEWHERE
from recipes.app.build import DIST, NAME, size

APP: Final = DIST / NAME
PROGRAM: Final = (str(APP / NAME),)
INSTALLED: Final = (sys.executable, "-m", "lstm_composer")
MUSIC: Final = (("chopin", "1"), ("bach", "3"), ("ragtime", "5"), ("chopin:0.5,bach:0.5", "7"))
SUFFIXES: Final = (".mid", ".wav", ".musicxml", ".svg", ".pdf")
PORT: Final = "LSTM Composer:LSTM Composer"
PATIENCE_SECONDS: Final = 120.0
_BETWEEN_LOOKS_SECONDS: Final = 0.05
_CALLS: Final = "openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2,symlink,symlinkat,link,linkat"
_CALL: Final = re.compile(r"\d+ +(?P<call>\w+)\(.*\) = \d+")
_FOREIGN: Final = (
    "libasound.so",
    "libcairo.so",
    "libcuda",
    "libjack.so",
    "libmvec.so",
    "libreadline.so",
    "libstdc++.so",
)
_PATHS: Final = re.compile(r'"([^"]+)"')
_FOLDERS: Final = {"app": (APP,), "installed": (Path(sys.prefix), Path(sysconfig.get_path("stdlib")))}
"""Where the files of both are."""


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


# ---- What is in it


def check_contents() -> None:
    """The styles, the page and the licences are there; libraries that have to be the system's are not."""
    files = [path.relative_to(APP) for path in APP.rglob("*") if path.is_file()]
    for wanted in ("shipped/base.onnx", "sound/piano.sf3", "panel/page/index.html"):
        require(Path("_internal/lstm_composer/runtime", wanted) in files, f"{wanted} is missing")
    licences = {path.parts[2] for path in files if path.parts[:2] == ("_internal", "licences")}
    for package in ("Python-", "numpy-", "onnxruntime-", "verovio-", "pyinstaller-"):
        require(any(one.startswith(package) for one in licences), f"the licence of {package[:-1]} is missing")
    foreign = sorted(str(path) for path in files if path.name.startswith(_FOREIGN) or "tensorflow" in path.parts)
    require(not foreign, f"not to be given to others: {foreign}")


# ---- The same bytes


def check_bytes() -> None:
    """`write` in some styles and as all files, and `render`."""
    with home() as place:
        for style, seed in MUSIC:
            for suffix in SUFFIXES if style == "chopin" else SUFFIXES[:1]:
                asked = ("write", "--style", style, "--bars", "8", "--seed", seed, "-o")
                _same(place, suffix, *asked)
        for suffix in SUFFIXES[1:]:
            _same(place, suffix, "render", str(place.folder / "app" / "write.mid"), "-o")


def _same(place: Home, suffix: str, *arguments: str) -> None:
    files = []
    for program in (PROGRAM, INSTALLED):
        # The title of a score is the name of its file, so both are called the same.
        folder = place.folder / ("app" if program is PROGRAM else "installed")
        folder.mkdir(exist_ok=True)
        files.append(folder / f"{arguments[0]}{suffix}")
        done = place.run(program, *arguments, str(files[-1]))
        require(done.returncode == 0, f"{folder.name} {' '.join(arguments)}: {done.stderr}")
    require(files[0].read_bytes() == files[1].read_bytes(), f"other bytes: {' '.join(arguments)} {files[0].name}")


# ---- JACK


def check_jack() -> None:
    """What the app plays arrives in JACK: the notes that `write` writes."""
    with dummy_server(), home() as place:
        music = ("--style", "bach", "--seed", "7", "--tempo", "120", "--bars", "2")
        place.run(PROGRAM, "write", *music, "-o", "written.mid")
        written = [note.pitch for note in read_music(place.folder / "written.mid").notes]
        heard = place.folder / "heard.txt"
        with heard.open("wb") as output:
            receiver = subprocess.Popen(
                ("stdbuf", "-oL", "jack_midi_dump", "-a", "receiver"), stdout=output, stderr=subprocess.STDOUT
            )
            try:
                player = subprocess.Popen(
                    (*PROGRAM, "play", *music, "--backend", "jack"),
                    cwd=place.folder, env=place.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )  # fmt: skip
                _until(lambda: _connected() or player.poll() is not None, "the port of the app in JACK")
                require(player.wait(PATIENCE_SECONDS) == 0, "play has failed")
                _until(lambda: "b0 7b 00" in heard.read_text(), "all notes off")
            finally:
                receiver.terminate()
                receiver.wait(PATIENCE_SECONDS)
        struck = [int(one, 16) for one in re.findall(r": 90 ([0-9a-f]{2}) (?!00)", heard.read_text())]
        require(sorted(struck) == sorted(written), f"JACK got {len(struck)} notes of {len(written)}")


def _connected() -> bool:
    return subprocess.run(("jack_connect", PORT, "receiver:input"), check=False, capture_output=True).returncode == 0


# ---- The panel


@contextmanager
def panel(place: Home, *program: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a panel by its program; gives its process, and the address that opens its page."""
    command = [*program, "panel", "--no-browser"]
    with subprocess.Popen(
        command, cwd=place.folder, env=place.environment, stdout=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline() if process.stdout else ""
        try:
            yield process, next(word for word in line.split() if word.startswith("http"))
        finally:
            if process.poll() is None:
                process.terminate()


def opened(browser: Browser, address: str) -> Page:
    """Open a panel's page and wait until it can be used."""
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    return page


def check_panel(browser: Browser) -> None:
    """Compose, see the score, play live, be told of training, and end it by its button; then another by Ctrl-C."""
    with home() as place:
        trace = place.folder / "trace.txt"
        traced = ("strace", "-f", "-qq", "-e", f"trace={_CALLS}", "-o", str(trace)) if shutil.which("strace") else ()
        before = _state()
        with panel(place, *traced, *PROGRAM) as (process, address):
            page = opened(browser, address)
            _use(page, place)
            page.on("dialog", lambda dialog: dialog.accept())
            page.get_by_role("button", name="End the panel").click()
            require(process.wait(PATIENCE_SECONDS) == 0, "the panel's button does not end it with exit code 0")
            page.close()
        require(_state() == before, "the app has changed its own folder")
        _look_through(trace, place)
    with home() as place, panel(place, *PROGRAM) as (process, address):
        page = opened(browser, address)
        process.send_signal(signal.SIGINT)
        require(process.wait(PATIENCE_SECONDS) == 0, "Ctrl-C does not end the panel with exit code 0")
        page.close()


def _use(page: Page, place: Home) -> None:
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.locator(".pieces li[data-id]")).to_have_count(1)
    page.get_by_role("button", name="Score", exact=True).click()
    page.locator(".engraving .note .notehead").first.wait_for()
    page.get_by_role("tab", name="Your style").click()
    expect(page.locator(".tab-training .notice", has_text=TRAINING_ELSEWHERE[1:])).to_be_visible()
    page.get_by_role("tab", name="Live").click()
    live = page.locator(".tab-live")
    live.locator("form").get_by_role("button", name="Play", exact=True).click()
    _until(lambda: _plays(place), "a play of the panel's")
    expect(live.locator(".title")).not_to_have_text("Nothing plays")
    live.get_by_role("button", name="Stop").click()
    _until(lambda: not _plays(place), "the end of the panel's play")


def _plays(place: Home) -> bool:
    return any(line.startswith(f"{PROGRAM[0]} play ") for line in place.processes())


def _state() -> list[tuple[str, int, int]]:
    """Everything in the app's folder: its name, its size, when it was last written to."""
    found = [(path, path.lstat()) for path in sorted(APP.rglob("*"))]
    return [(str(path), stat.st_size, stat.st_mtime_ns) for path, stat in found]


def _look_through(trace: Path, place: Home) -> None:
    """Find files that were made or written to outside of the user's folders."""
    if not trace.exists():
        print("  (strace is not here: only the app's own folder and the temporary files were looked at)")
        return
    written = set()
    for line in trace.read_text(errors="replace").splitlines():
        found = _CALL.match(line)
        if found and (not found["call"].startswith("open") or re.search("O_WRONLY|O_RDWR|O_CREAT", line)):
            written |= set(_PATHS.findall(line))
    within = (f"{place.folder}/", "/dev/", "/proc/self/")
    require(any(path.startswith(within[0]) for path in written), "strace has seen no file of the user's")
    # A name without a folder is one in the folder in which the panel was started, the user's.
    strange = sorted(path for path in written if path.startswith("/") and not path.startswith(within))
    require(not strange, f"written outside of the user's folders: {strange}")


# ---- Refusals


def check_refusals() -> None:
    """Each is one line on standard error, and exit code 2."""
    with home() as place, panel(place, *PROGRAM) as (_, address):
        port = address.partition("/open")[0].rpartition(":")[2]
        with home() as other:
            refusals = {
                "port": ("panel", "--no-browser", "--port", port),
                "cannot train": ("train", "music", "--name", "mine"),
                "style": ("write", "--style", "nobody", "--bars", "1", "-o", "x.mid"),
            }
            for word, arguments in refusals.items():
                done = other.run(PROGRAM, *arguments)
                lines = done.stderr.splitlines()
                require(
                    done.returncode == 2 and len(lines) == 1 and word in lines[0],
                    f"{' '.join(arguments)}: exit code {done.returncode}, {done.stderr!r}",
                )


def check_silence() -> None:
    """Without an audio device it says so in a line, and plays on."""
    with home() as place:
        done = place.run(PROGRAM, "play", "--style", "bach", "--sound", "--audio-device", "no such", "--bars", "1")
        told = [line for line in done.stderr.splitlines() if line.startswith("no audio device has 'no such'")]
        require(done.returncode == 0 and len(told) == 1, f"no audio device: {done.stderr!r}")


# ---- Time


def check_starts(browser: Browser, starts: int, *, cold: bool) -> None:
    """From the start of the process to the page that can be used, by turns with the installed program."""
    found: dict[str, list[float]] = {"app": [], "installed": []}
    for _ in range(starts):
        for name, program in (("app", PROGRAM), ("installed", INSTALLED)):
            if cold:
                for folder in _FOLDERS[name]:
                    _forget(folder)
            with home() as place:
                began = time.perf_counter()
                with panel(place, *program) as (process, address):
                    page = opened(browser, address)
                    found[name].append(time.perf_counter() - began)
                    page.close()
                    process.terminate()
                    process.wait(PATIENCE_SECONDS)
    rows = [
        (name, f"{statistics.median(one):.2f}", f"{min(one):.2f}", f"{max(one):.2f}") for name, one in found.items()
    ]
    print_table(("start to usable page, seconds", "median", "least", "most"), rows)
    ratio = statistics.median(found["app"]) / statistics.median(found["installed"])
    print(f"{starts} {'cold' if cold else 'warm'} starts each, by turns; app to installed: {ratio:.2f}")


def _forget(folder: Path) -> None:
    """Have the system forget what it has read of a folder's files; those that another program uses it keeps."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        require(time.monotonic() < end, f"waited in vain for {what}")
        time.sleep(_BETWEEN_LOOKS_SECONDS)


def main() -> None:
    """Check everything."""
    parser = argparse.ArgumentParser(description="Check the app.")
    parser.add_argument("--starts", type=int, default=3, metavar="N", help="how many starts are timed (default: 3)")
    parser.add_argument("--cold", action="store_true", help="time starts after the system has forgotten their files")
    arguments = parser.parse_args()
    require(Path(PROGRAM[0]).is_file(), f"{PROGRAM[0]} is not there: make app")
    print(f"{APP.relative_to(DIST.parent)}: {size(APP) / 1e6:.0f} MB")
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    check_contents()
    check_bytes()
    print("write and render give the bytes of the installed program")
    check_jack()
    print("JACK gets the notes")
    check_refusals()
    check_silence()
    print("what cannot be done is said in a line")
    with chromium("--autoplay-policy=no-user-gesture-required") as browser:
        check_panel(browser)
        print("the panel composes, plays, and ends with nothing left")
        check_starts(browser, arguments.starts, cold=arguments.cold)


if __name__ == "__main__":
    main()
