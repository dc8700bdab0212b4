"""Nats a note of two networks on the same held-out pieces, style by style.

    python benchmarks/training/compare.py OLD NEW FOLDER [--epoch N] [--renamed NEW=OLD,...] [--json FILE]

OLD and NEW are bundles or runs; --epoch is that of NEW where it is a run. FOLDER is a folder of styles whose split.tsv
names pieces that neither has been trained on: those are measured. A style that has another name in OLD is told by
--renamed; styles that only one of the two knows are left out. Both are shown the pieces as the readers of today hear
them. Loudness is left out of the sum, since what is learned of it has changed.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.common.tables import print_table
from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.process_exit import in_words
from lstm_composer.trainer.network.quiet_tensorflow import quiet_tensorflow

with quiet_tensorflow():
    from lstm_composer.trainer.commands.candidates import Candidate, candidate_of
    from lstm_composer.trainer.corpus.corpus import read_corpus, style_folder
    from lstm_composer.trainer.dataset.training_piece import EncodedPiece, encode_piece
    from lstm_composer.trainer.evaluation.onnx_nll import log_probabilities
    from lstm_composer.trainer.text.console import PlainConsole

HEADS = ("delta", "pitch", "duration")


def held_out(folder: str) -> dict[str, list[EncodedPiece]]:
    """The pieces that the folder's split.tsv names for validation or test, by style.

    Raises:
        InputError: If it names none.

    """
    found: dict[str, list[EncodedPiece]] = {}
    for piece in read_corpus(folder).pieces:
        if piece.part in ("validation", "test"):
            found.setdefault(style_folder(piece), []).append(encode_piece(piece))
    if not found:
        raise InputError(f"{folder} has no split.tsv that names pieces for validation or test")
    return dict(sorted(found.items()))


def nats(candidate: Candidate, style: str, pieces: Sequence[EncodedPiece]) -> dict[str, float]:
    """Nats a note of pieces, by head."""
    number = [card.name for card in candidate.cards].index(style)
    own = [replace(piece, style=number) for piece in pieces]
    totals = sum(rows.sum(axis=0) for rows in log_probabilities(candidate.player, own, candidate.styles))
    notes = sum(piece.notes for piece in pieces)
    return {head: -float(totals[column] / notes) for column, head in enumerate(HEADS)}


def compared(
    old: Candidate, new: Candidate, pieces: Mapping[str, Sequence[EncodedPiece]], renamed: Mapping[str, str]
) -> dict[str, dict[str, float]]:
    """Measure both in every style that both hold: notes, and nats a note of each, in sum and by head."""
    known = {card.name for card in old.cards}
    found = {}
    for style, own in pieces.items():
        before = renamed.get(style, style)
        if before in known and style in {card.name for card in new.cards}:
            both = {"old": nats(old, before, own), "new": nats(new, style, own)}
            found[style] = {
                "notes": float(sum(piece.notes for piece in own)),
                **{name: sum(by_head.values()) for name, by_head in both.items()},
                **{f"{name}_{head}": by_head[head] for name, by_head in both.items() for head in HEADS},
            }
            print(f"{style}: {found[style]['old']:.3f} -> {found[style]['new']:.3f}", file=sys.stderr, flush=True)
    return found


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("old", metavar="OLD")
    parser.add_argument("new", metavar="NEW")
    parser.add_argument("folder", metavar="FOLDER")
    parser.add_argument("--epoch", type=int)
    parser.add_argument("--renamed", default="")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    renamed = dict(pair.split("=", 1) for pair in asked.renamed.split(",") if pair)
    old, new = candidate_of(asked.old, None, PlainConsole()), candidate_of(asked.new, asked.epoch, PlainConsole())
    found = compared(old, new, held_out(asked.folder), renamed)
    notes = sum(row["notes"] for row in found.values())
    mean = {key: sum(row["notes"] * row[key] for row in found.values()) / notes for key in next(iter(found.values()))}
    print_table(
        ("style", "notes", "old", "new", "lower by", *(f"{head}, old and new" for head in HEADS)),
        [
            (
                name, f"{row['notes']:,.0f}", f"{row['old']:.3f}", f"{row['new']:.3f}",
                f"{row['old'] - row['new']:.3f}",
                *(f"{row[f'old_{head}']:.3f} {row[f'new_{head}']:.3f}" for head in HEADS),
            )
            for name, row in [*found.items(), ("**all**", {**mean, "notes": notes})]
        ],
    )  # fmt: skip
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(in_words(main))
