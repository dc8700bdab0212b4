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
import re
import subprocess
from pathlib import Path
from typing import Final

from playwright.sync_api import expect

from benchmarks.common.jack_server import dummy_server
from benchmarks.common.panel_process import chromium
from lstm_composer.runtime.midi.reader import read_music
from recipes.app.build import DIST, size
from recipes.app.check_panel import APP, INSTALLED, PROGRAM, check_panel, check_starts, panel
from recipes.app.trial_home import PATIENCE_SECONDS, Home, home, require, until

MUSIC: Final = (("chopin", "1"), ("bach", "3"), ("ragtime", "5"), ("chopin:0.5,bach:0.5", "7"))
SUFFIXES: Final = (".mid", ".wav", ".musicxml", ".svg", ".pdf")
PORT: Final = "LSTM Composer:LSTM Composer"
_FOREIGN: Final = (
    "libasound.so",
    "libcairo.so",
    "libcuda",
    "libjack.so",
    "libmvec.so",
    "libreadline.so",
    "libstdc++.so",
)


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
                until(lambda: _connected() or player.poll() is not None, "the port of the app in JACK")
                require(player.wait(PATIENCE_SECONDS) == 0, "play has failed")
                until(lambda: "b0 7b 00" in heard.read_text(), "all notes off")
            finally:
                receiver.terminate()
                receiver.wait(PATIENCE_SECONDS)
        struck = [int(one, 16) for one in re.findall(r": 90 ([0-9a-f]{2}) (?!00)", heard.read_text())]
        require(sorted(struck) == sorted(written), f"JACK got {len(struck)} notes of {len(written)}")


def _connected() -> bool:
    return subprocess.run(("jack_connect", PORT, "receiver:input"), check=False, capture_output=True).returncode == 0


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
