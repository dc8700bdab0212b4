"""What `lstm-composer train --dry-run` does: say what of a folder would be learned, and what is left out and why."""

import json
import sys
from typing import Any

from lstm_composer.runtime.errors import CorpusError
from lstm_composer.trainer.commands.music import bar_of_reading, show_left_out
from lstm_composer.trainer.corpus.corpus import Corpus, gather_corpus
from lstm_composer.trainer.text.console import PlainConsole


def dry_run(source: str, *, leave_out_untidy: bool, as_json: bool) -> int:
    """Read music as a training would, and train nothing; returns the exit code.

    Raises:
        CorpusError: If there is no such source, or nothing in it can be used; with `as_json` what is left out has then
            been written all the same.
        InputError: If there is no such corpus in music21.

    """
    console = PlainConsole(stderr=as_json)
    with bar_of_reading(console) as on_file:
        corpus = gather_corpus(source, on_progress=on_file, leave_out_untidy=leave_out_untidy)
    if as_json:
        sys.stdout.write(json.dumps(as_found(corpus), indent=2) + "\n")
    else:
        notes = sum(len(piece.notes) for piece in corpus.pieces)
        console.print(f"{len(corpus.pieces)} pieces would be learned from, {notes:,} notes")
        show_left_out(corpus.refused, console, most=None)
    if not corpus.pieces:
        raise CorpusError(corpus.nothing_left)
    return 0


def as_found(corpus: Corpus) -> dict[str, Any]:
    """A corpus as JSON: its pieces with notes, length in seconds, tempo and meter, and what is left out and why."""
    return {
        "source": corpus.source,
        "styles": list(corpus.styles),
        "pieces": [
            {
                "name": piece.name,
                "notes": len(piece.notes),
                "seconds": round(piece.timing.seconds, 1),
                "tempo_bpm": piece.tempo_bpm,
                "meter": str(piece.meters[0].meter),
            }
            for piece in corpus.pieces
        ],
        "left_out": [{"name": refusal.name, "reason": refusal.reason} for refusal in corpus.refused],
    }
