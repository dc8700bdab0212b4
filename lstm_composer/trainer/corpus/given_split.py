"""The split that a folder of music brings along: split.tsv, which says of pieces in which part they are.

Two columns, tab-separated, under the header "file" and "part": a file's path below the folder as the corpus names it,
or one tune's of a file with many (`tunes.abc#3`), and "train", "validation" or "test". Pieces that it does not name
are split as in any folder. It is for comparing networks on the same pieces.
"""

from collections.abc import Container, Iterable
from pathlib import Path

from lstm_composer.runtime.errors import CorpusError, InputError
from lstm_composer.runtime.system.foreign_files import MEBIBYTE, read_foreign_text
from lstm_composer.runtime.system.visible_text import visible
from lstm_composer.trainer.text.names import is_there

SPLIT_FILE = "split.tsv"
PARTS = ("train", "validation", "test")
MOST_BYTES = 16 * MEBIBYTE
_HEADER = "file\tpart"


def read_given_split(folder: Path) -> dict[str, str]:
    """The part of each file or piece that a folder's split.tsv names; none where the folder has no such file.

    Raises:
        CorpusError: If the file cannot be read or understood.

    """
    path = folder / SPLIT_FILE
    if not is_there(path):
        return {}
    try:
        lines = read_foreign_text(path, MOST_BYTES).splitlines()
    except InputError as error:
        raise CorpusError(f"{visible(str(path))} {error}") from error
    if not lines or lines[0] != _HEADER:
        raise _wrong(path, 1, "the first line must be 'file' and 'part' with a tab between them")
    parts: dict[str, str] = {}
    for number, line in enumerate(lines[1:], start=2):
        name, tab, part = line.partition("\t")
        if not line:
            continue
        if not tab or part not in PARTS:
            raise _wrong(
                path, number, f"{visible(line)!r} is not a file, a tab and {', '.join(PARTS[:2])} or {PARTS[2]}"
            )
        if name in parts:
            raise _wrong(path, number, f"{visible(name)} is named twice")
        parts[name] = part
    return parts


def check_names(folder: Path, parts: Iterable[str], known: Container[str]) -> None:
    """Check that everything that a folder's split.tsv names is there.

    Raises:
        CorpusError: If something is not: a slip would let a held-out piece into the training.

    """
    strange = next((name for name in parts if name not in known), None)
    if strange is not None:
        raise CorpusError(
            f"{visible(str(folder / SPLIT_FILE))} names {visible(strange)}, which is not there: "
            "name files as corpus.json does, or take the line out"
        )


def _wrong(path: Path, line: int, what: str) -> CorpusError:
    return CorpusError(f"{visible(str(path))}, line {line}: {what}")
