r"""What sources, files and folders are called: text on one line that a terminal and every file of ours can hold.

A file's name may be any bytes but "/" and null. What cannot be shown is spelled out ("F\xfcr Elise.mid"), and a
backslash that was there already is doubled.
"""

import os
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

from lstm_composer.runtime.errors import CorpusError
from lstm_composer.runtime.system.visible_text import visible

_URI: Final = "file://"


def shown_name(name: str) -> str:
    """Return the name of a file or folder as a corpus calls it; different names stay different."""
    return visible(name.replace("\\", "\\\\"))


def kept_source(source: str) -> str:
    """Return a source as config.json and a report can hold it: a path that is no text becomes a file:// address."""
    return source if source.isprintable() else Path(source).absolute().as_uri()


def source_path(source: str) -> Path:
    """Return the path that a source names.

    Raises:
        CorpusError: If it is empty, or begins with the home folder of a user who has none.

    """
    if source.startswith(_URI):
        return Path(os.fsdecode(unquote_to_bytes(source.removeprefix(_URI))))
    try:
        return Path(source).expanduser()
    except RuntimeError as error:
        raise CorpusError(f"{visible(source)} names no home folder ({error}): write the path out") from error


def is_there(path: Path) -> bool:
    """Whether there is anything at a path; one that no system could have is not there."""
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or with a null character
        return False
