"""Copy the libraries of others that the panel's page uses, in the versions of recipes/page_libraries.

- spessasynth_core (Apache-2.0), the synthesizer, and stb-vorbis (Apache-2.0), which decodes its samples: into
  lstm_composer/runtime/panel/page/vendor/, with their licences. A browser knows no names of
  packages, so that the one import between the two becomes a path; nothing else is changed but the reference to a source
  map that is not there.
- axe-core (MPL-2.0), which looks for faults that keep people from using a page: into tests/panel/browser/.

npm checks what it downloads against package-lock.json. A user's installation downloads none of this.

Run: python recipes/page_libraries/vendor.py     (needs npm)
"""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
LOCKED: Final = Path(__file__).parent
VENDOR: Final = ROOT / "lstm_composer" / "runtime" / "panel" / "page" / "vendor"
BROWSER_TESTS: Final = ROOT / "tests" / "panel" / "browser"
_SOURCE_MAP: Final = re.compile(r"^//# sourceMappingURL=.*\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Copied:
    """A file of a package, and where it goes.

    Attributes:
        source: Below node_modules/.
        target: The file it becomes.
        replacements: Texts that occur once, and what each becomes.

    """

    source: str
    target: Path
    replacements: tuple[tuple[str, str], ...] = ()


FILES: Final = (
    Copied(
        "spessasynth_core/dist/index.js",
        VENDOR / "spessasynth_core.js",
        (('import { StbVorbis } from "stb-vorbis";', 'import { StbVorbis } from "./stb-vorbis.js";'),),
    ),
    Copied("spessasynth_core/LICENSE", VENDOR / "LICENSE.spessasynth_core.txt"),
    Copied("stb-vorbis/dist/index.js", VENDOR / "stb-vorbis.js"),
    Copied("stb-vorbis/LICENSE", VENDOR / "LICENSE.stb-vorbis.txt"),
    Copied("axe-core/axe.min.js", BROWSER_TESTS / "axe.min.js"),
)


def main() -> None:
    """Install what is locked into a folder for a while, and copy the files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(LOCKED / file, folder / file)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True)
        for copied in FILES:
            text = _SOURCE_MAP.sub("", (folder / "node_modules" / copied.source).read_text(encoding="utf-8"))
            for before, after in copied.replacements:
                if text.count(before) != 1:
                    raise SystemExit(f"{copied.source} no longer has {before!r} once: look at what it imports now")
                text = text.replace(before, after)
            copied.target.write_text(text, encoding="utf-8")
            print(f"{copied.target.relative_to(ROOT)}: {len(text):,} characters")


if __name__ == "__main__":
    main()
