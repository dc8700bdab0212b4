"""The wheel, built twice: from the checkout, and from the source distribution."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).parents[2]


def build_wheel(folder: Path) -> Path:
    """Build the wheel both ways into a folder and return the one from the source distribution.

    Ends with an error if the two differ: in the files that they hold, RECORD among them, or in what is in one.
    """
    # Without --wheel, build makes the source distribution and the wheel out of that.
    for way, options in (("from-sdist", ()), ("from-checkout", ("--wheel",))):
        command = (sys.executable, "-m", "build", *options, "--outdir", str(folder / way), str(CHECKOUT))
        subprocess.run(command, check=True, stdout=subprocess.PIPE)
    (wheel,) = (folder / "from-sdist").glob("*.whl")
    contents = contents_of(wheel)
    if differing := contents.items() ^ contents_of(folder / "from-checkout" / wheel.name).items():
        sys.exit(f"the two wheels differ: {', '.join(sorted({name for name, _ in differing}))}")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    same = (folder / "from-checkout" / wheel.name).read_bytes() == wheel.read_bytes()
    print(f"{wheel.name}: {len(contents)} files, {wheel.stat().st_size / 1e6:.1f} MB, sha256 {digest}")
    print(f"from the source distribution and from the checkout: the same {'bytes' if same else 'files, RECORD too'}")
    return wheel


def contents_of(wheel: Path) -> dict[str, bytes]:
    """Return what is in a wheel, by its name there."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
