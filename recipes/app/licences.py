"""The licences of all that is in the app, as one folder; lstm-composer.spec asks for it."""

import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Final

NOT_IN_IT: Final = frozenset(
    {
        *("altgraph", "macholib", "pefile", "pip", "pywin32-ctypes", "setuptools"),
        *("markdown-it-py", "mdurl", "Pygments"),
    }
)
"""Distributions that leave nothing in the app: what builds it, and what the spec leaves out. PyInstaller leaves its
loader."""
_NAMES: Final = re.compile(r"(licen[cs]e|copying|notice|authors)", re.IGNORECASE)
_TEXTS: Final = frozenset({"", ".md", ".rst", ".txt", ".apache", ".bsd", ".lesser", ".markdown-it"})


def gather(folder: Path, libraries: Iterable[Path]) -> Path:
    """Make a folder with the licences of this environment's packages, of its Python and of the system's libraries.

    Args:
        folder: Made anew.
        libraries: The shared libraries that go into the app; those of the system's are named with their packages.

    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # Where pip has put them: PyInstaller has setuptools' own copies of some on the path as well.
    for one in distributions(path=[sysconfig.get_path("purelib")]):
        if one.name not in NOT_IN_IT:
            _copy_of_distribution(one, folder / f"{one.name}-{one.version}")
    for base in (Path(sysconfig.get_path("stdlib")), Path(sys.base_prefix)):
        if (base / "LICENSE.txt").is_file():
            shutil.copyfile(base / "LICENSE.txt", folder / f"Python-{platform.python_version()}.txt")
            break
    _copy_of_system(libraries, folder)
    return folder


def _copy_of_distribution(distribution: Distribution, folder: Path) -> None:
    folder.mkdir()
    for file in distribution.files or ():
        if _NAMES.search(file.name) and file.suffix.lower() in _TEXTS:
            beside = [part for part in file.parts if not part.endswith(".dist-info") and part != ".."]
            (folder / Path(*beside)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.locate(), folder / Path(*beside))
    stated = [f"{key}: {value}" for key in _STATED for value in distribution.metadata.get_all(key) or ()]
    (folder / "stated.txt").write_text("\n".join(stated) + "\n", encoding="utf-8")


_STATED: Final = ("Name", "Version", "License", "License-Expression", "Classifier", "Home-page", "Project-URL")


def _copy_of_system(libraries: Iterable[Path], folder: Path) -> None:
    """Where packages are Debian's, which keep a copyright file each."""
    prefixes = tuple(Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix))
    if sys.platform != "linux" or not shutil.which("dpkg"):
        return
    for library in sorted(libraries):
        # /usr/lib and /lib are one folder, and dpkg knows a file by one of these names.
        for path in (library.resolve(), Path("/", *library.resolve().parts[2:])):
            if not path.is_relative_to("/usr/local") and not any(
                prefix != Path("/usr") and path.is_relative_to(prefix) for prefix in prefixes
            ):
                asked = subprocess.run(["dpkg", "-S", path], check=False, capture_output=True, text=True)
                package = asked.stdout.partition(":")[0]
                text = Path("/usr/share/doc") / package / "copyright"
                if package and text.is_file():
                    shutil.copyfile(text, folder / f"{package}.txt")
