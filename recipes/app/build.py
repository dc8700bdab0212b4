"""Build the app: a folder with a program, a Python, their libraries and the styles that ship.

    python recipes/app/build.py [--pack] [--wheel FILE]

`make app` runs it with a Python that will do. It makes an environment of its own in build/app, with what playing, the
panel and its scores need, installs the package into it as a wheel, and has PyInstaller put all that is used into
dist/lstm-composer; on macOS into dist/LSTM Composer.app as well. Nothing of the checkout is in use afterwards. --pack
also makes an archive of it, in which it is given to others.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
CHECKOUT: Final = HERE.parents[1]
BUILD: Final = CHECKOUT / "build" / "app"
DIST: Final = CHECKOUT / "dist"
NAME: Final = "lstm-composer"
TITLE: Final = "LSTM Composer"
EXTRAS: Final = ("panel", "score", "link", "osc")
_MEGABYTE: Final = 1e6


def project() -> dict[str, Any]:
    """Return what pyproject.toml says of the project."""
    found: dict[str, Any] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def requirements() -> list[str]:
    """Return what has to be installed: as pyproject.toml has it, but with the onnxruntime for processors alone.

    That which can use a GPU is another build of the same version, and 400 MB larger.
    """
    listed = [*project()["dependencies"]]
    for extra in EXTRAS:
        listed += project()["optional-dependencies"][extra]
    return [one.replace("onnxruntime-gpu", "onnxruntime") for one in listed]


def environment() -> Path:
    """Make the environment anew if what it is made of has changed; returns its Python."""
    folder = BUILD / "environment"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    sources = (CHECKOUT / "pyproject.toml", CHECKOUT / "constraints.txt", HERE / "requirements.txt")
    made_of = "\n".join([sys.version, *(source.read_text(encoding="utf-8") for source in sources)])
    stamp = folder / "made-of"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != made_of:
        shown = folder.relative_to(CHECKOUT)
        print(f"Making {shown} with Python {platform.python_version()} (once; about 70 MB to download) ...", flush=True)
        venv.create(folder, clear=True, with_pip=True, symlinks=sys.platform != "win32")
        pinned = ("-c", CHECKOUT / "constraints.txt", "-r", HERE / "requirements.txt")
        install(python, *pinned, *requirements())
        stamp.write_text(made_of, encoding="utf-8")
    return python


def install(python: Path, *arguments: str | Path) -> None:
    """Have pip install something into the environment."""
    command = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    subprocess.run([*command, *arguments], check=True, cwd=CHECKOUT)


def collect(python: Path) -> Path:
    """Have PyInstaller make the app, and return its folder; what it says goes into a file."""
    log = BUILD / "pyinstaller.log"
    command = (python, "-m", "PyInstaller", "--noconfirm", "--distpath", DIST, "--workpath", BUILD / "work")
    # Without PYTHONPATH and its like: what is taken is what was installed, not a checkout.
    named = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    named["PYINSTALLER_CONFIG_DIR"] = str(BUILD / "cache")
    with log.open("wb") as output:
        done = subprocess.run(
            [*command, HERE / f"{NAME}.spec"],
            check=False,
            cwd=BUILD,
            env=named,
            stdout=output,
            stderr=output,
        )
    if done.returncode:
        last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise SystemExit(f"PyInstaller has failed ({''.join(last)}): see {log}")
    return DIST / f"{TITLE}.app" if sys.platform == "darwin" else DIST / NAME


def strip(app: Path) -> None:
    """Take out of Python's own libraries on Linux what a debugger would read, which is most of them in some builds.

    The libraries of packages stay as they are: their makers have changed them in a way that `strip` breaks.
    """
    program = shutil.which("strip") if sys.platform == "linux" else None
    own = [*app.glob("_internal/libpython*"), *app.glob("_internal/python3*/lib-dynload/*.so")]
    if program and own:
        subprocess.run([program, "--strip-debug", *own], check=True)


def pack(app: Path) -> Path:
    """Make an archive of the app beside it: .zip on Windows and macOS, where links in it are kept, .tar.xz on Linux."""
    stem = DIST / f"{NAME}-{project()['version']}-{sys.platform}-{platform.machine().lower()}"
    if sys.platform == "darwin":
        archive = Path(f"{stem}.zip")
        subprocess.run(["/usr/bin/ditto", "-c", "-k", "--keepParent", app, archive], check=True)
        return archive
    kind = "zip" if sys.platform == "win32" else "xztar"
    return Path(shutil.make_archive(str(stem), kind, root_dir=DIST, base_dir=app.name))


def size(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def main() -> None:
    """Build it."""
    parser = argparse.ArgumentParser(description="Build the app.")
    parser.add_argument("--pack", action="store_true", help="also make an archive of it")
    parser.add_argument("--wheel", type=Path, metavar="FILE", help="what is put into it (default: the checkout's)")
    arguments = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    python = environment()
    source = (arguments.wheel or CHECKOUT).resolve()
    install(python, "--no-deps", "--force-reinstall", source)
    print("Putting the app together (about a minute) ...", flush=True)
    app = collect(python)
    strip(app)
    if sys.platform != "darwin":
        for name in ("README.txt", *(("icon.png", "menu-entry.sh") if sys.platform == "linux" else ())):
            shutil.copy(HERE / name, app)
    print(f"{app.relative_to(CHECKOUT)}: {size(app) / _MEGABYTE:.0f} MB")
    if arguments.pack:
        archive = pack(app)
        print(f"{archive.relative_to(CHECKOUT)}: {archive.stat().st_size / _MEGABYTE:.0f} MB")


if __name__ == "__main__":
    main()
