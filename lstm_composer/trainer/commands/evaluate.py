"""What `lstm-composer evaluate` does: how well a checkpoint or a bundle knows some music, and what it makes of it."""

import json
import sys
from collections.abc import Mapping
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from lstm_composer.runtime.errors import CorpusError, InputError
from lstm_composer.runtime.music.event_encoding import HEADS
from lstm_composer.trainer.commands.candidates import Candidate, candidate_of, material_by_style
from lstm_composer.trainer.corpus.corpus import read_corpus
from lstm_composer.trainer.dataset.dataset import Dataset
from lstm_composer.trainer.dataset.split import Split
from lstm_composer.trainer.dataset.training_piece import EncodedPiece, encode_piece
from lstm_composer.trainer.evaluation.epoch_choice import GateResult, make_evaluator, sample_excerpts
from lstm_composer.trainer.evaluation.per_style import figures_by_style, means, table_of
from lstm_composer.trainer.judging.tables import table_of as judgements
from lstm_composer.trainer.text.console import PlainConsole


def evaluate_command(
    what: str, epoch: int | None, folder: str | None, *, as_json: bool, each_style: bool = False
) -> int:
    """Evaluate a run's checkpoint on its own test part or on a folder, or a bundle on a folder; returns the exit code.

    With `each_style` every style is measured for itself, see per_style.py; the folder is then one of styles.

    Raises:
        InputError: If there is no such run, epoch, bundle, or no music to evaluate it on.
        CorpusError: If the folder has no music that can be used.

    """
    console = PlainConsole(stderr=True)
    candidate = candidate_of(what, epoch, console)
    if each_style:
        return _each_style(candidate, folder, console, as_json=as_json)
    name, sequences, material = _music(candidate, folder)
    found = {
        "evaluated": candidate.title,
        "on": name,
        "pieces": len(sequences),
        "notes": sum(sequence.notes for sequence in sequences),
        **{key: round(value, 6) for key, value in candidate.figures(sequences).items()},
        **_heard(candidate, material),
    }
    if as_json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        screen = PlainConsole()
        screen.print(f"{found['evaluated']} on {found['on']}: {found['pieces']} pieces, {found['notes']:,} notes")
        screen.print(_table(found))
    return 0


def _each_style(candidate: Candidate, folder: str | None, console: Console, *, as_json: bool) -> int:
    material = material_by_style(candidate, folder)

    def tell(done: int, styles: int, style: str) -> None:
        console.print(f"{style}: {done + 1} of {styles}")

    found = figures_by_style(candidate.player, candidate.figures, material, tell)
    if as_json:
        whole = {"evaluated": candidate.title, "styles": msgspec.to_builtins(found), "means": means(found)}
        sys.stdout.write(json.dumps(whole, indent=2) + "\n")
        return 0
    screen = PlainConsole()
    screen.print(f"{candidate.title}, each style on its own held-out pieces")
    screen.print(table_of(found, material.styles))
    judged = {style.style: style.judged for style in found if style.judged}
    if judged:
        screen.print("64 bars of each style beside its human range; ! is outside it")
        screen.print(judgements(judged))
    screen.print(", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in means(found).items()))
    return 0


def _music(candidate: Candidate, folder: str | None) -> tuple[str, tuple[EncodedPiece, ...], Dataset]:
    """What to measure on, and what to judge its improvisations by."""
    known = candidate.material
    if folder is None:
        if known is None:
            raise InputError(f"{candidate.title} does not hold the music it was trained on: give a FOLDER as well")
        for part in ("test", "validation", "train"):
            if getattr(known, part):
                return f"{known.corpus.source} ({part} part)", getattr(known, part), known
    corpus = read_corpus(str(folder))
    sequences = tuple(encode_piece(piece, candidate.style) for piece in corpus.pieces)
    if not sequences:
        raise CorpusError(f"{folder} has no music to evaluate on")
    if known is None:
        return str(folder), sequences, Dataset(corpus, Split(corpus.pieces, (), ()), sequences, (), ())
    return str(folder), sequences, known


def _heard(candidate: Candidate, material: Dataset) -> dict[str, Any]:
    """What the gates say of 32 excerpts, and how like the music they are."""
    try:
        evaluator = make_evaluator(material, candidate.styles)
    except CorpusError as error:
        return {"not_judged": str(error)}
    played = any(piece.performed for piece in material.split.train)
    loop, copy, longest, likeness, areas = evaluator.evaluate(
        sample_excerpts(evaluator, candidate.player), played=played
    )
    return {
        "loop_gate": _gate(loop),
        "copy_gate": _gate(copy),
        "longest_match": longest,
        "likeness": likeness,
        "likeness_ceiling": evaluator.human_ceiling,
        "overlapped_areas": areas,
    }


def _gate(gate: GateResult) -> dict[str, Any]:
    return {"passed": gate.passed, "inside": gate.inside, "excerpts": gate.excerpts, "reasons": list(gate.reasons)}


def _table(found: Mapping[str, Any]) -> Table:
    table = Table()
    for column in ("", "nats a note", "accuracy"):
        table.add_column(column, justify="left" if not column else "right")
    table.add_row("total", f"{found['loss']:.3f}", "")
    for head in HEADS:
        accuracy = found.get(f"accuracy_{head}")
        table.add_row(head, f"{found[f'nll_{head}']:.3f}", "" if accuracy is None else f"{accuracy:.1%}")
    table.add_section()
    for name in ("loop", "copy"):
        gate = found.get(f"{name}_gate")
        if gate:
            table.add_row(
                f"{name} gate", "passes" if gate["passed"] else "fails", f"{gate['inside']} of {gate['excerpts']}"
            )
    if "likeness" in found:
        ceiling = found["likeness_ceiling"]
        table.add_row("likeness", f"{found['likeness']:.3f}", "" if ceiling is None else f"human: {ceiling:.3f}")
    return table
