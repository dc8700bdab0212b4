"""Make the golden files anew: `python tests/golden/make.py [ARGUMENTS OF PYTEST]`.

The golden files, tests/golden/stored/*.json, say what the program does as seen from outside: the bytes that `write`
writes, the fields of its JSON, its help, its refusals, what a training measures, and what each command, controller and
OSC message sets. They hold that while the inside is rebuilt: files are moved, classes renamed, loops joined. The tests
beside this file make the same things again and compare; all that they import from the inside is in `driving.py`.

What may change them: a change of behaviour that is wanted, and that CHANGELOG.md names. Whoever makes it runs this
script, looks through `git diff tests/golden/stored`, and commits both together. A restructuring leaves them as they
are. Two more reasons there may be: a bundle in models/ has been replaced by a newly trained one (the stored tables hold
its checksum and the test says so), and a new parameter, flag or case has been added, which may add entries but change
none: the cases of `write` that are stored stay, and only what no stored case covers is added.

Nothing stored depends on the time, the hash seed or the folder. Rounding depends on the machine: what a training
measures is compared to 1e-5, and the music of the large bundles only where the machine rounds as that one did on which
it was stored. The help of a command is laid out differently by each version of Python, so that its words
are compared and not its lines.

    python tests/golden/make.py                        all of them
    python tests/golden/make.py -k "help or write"     some of them
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
REWRITE: Final = "GOLDEN_REWRITE"
"""Set in the environment, has the tests store what comes now in place of comparing it."""


def main(arguments: list[str]) -> int:
    """Run the tests of this folder so that they store what they find; returns the exit code of pytest."""
    command = [sys.executable, "-m", "pytest", "-q", "tests/golden", *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ | {REWRITE: "1"}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
