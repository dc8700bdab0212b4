"""What `lstm-composer evaluate` does: how well a checkpoint or a bundle knows some music, and what it makes of it."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from runtime.article import TokenEncoding
from runtime.bundle import CARD_SUFFIX, StyleCard, load_bundle
from runtime.encoding import HEADS
from runtime.engine import Engine
from runtime.errors import CorpusError, InputError
from runtime.library import find_style
from trainer.advice import GateAdvice, improvised, jury_of
from trainer.by_style import figures_by_style, means, table_of
from trainer.command import check_stream, material_of
from trainer.console import PlainConsole
from trainer.corpus import read_corpus
from trainer.evaluation import evaluate
from trainer.excerpts import Player, player_of
from trainer.features import Sequence, sequence_of
from trainer.material import Material, prepare
from trainer.run_directory import RunDirectory
from trainer.scoring import player_of_engine, score
from trainer.split import Split
from trainer.training import load_network


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is evaluated.

    Attributes:
        title: What to call it.
        player: How it plays.
        styles: How many it holds.
        style: The one by which other music is measured.
        cards: Of its styles, in the order of their vectors.
        seed: Of the split of its music.
        figures: Its nats a note, and accuracies where they can be known, on sequences.
        material: What it was trained on, None if that is not known.

    """

    title: str
    player: Player
    styles: int
    style: int
    cards: tuple[StyleCard, ...]
    seed: int
    figures: Any
    material: Material | None


def evaluate_command(
    what: str, epoch: int | None, folder: str | None, *, as_json: bool, each_style: bool = False
) -> int:
    """Evaluate a run's checkpoint on its own test part or on a folder, or a bundle on a folder; returns the exit code.

    With `each_style` every style is measured for itself, see by_style.py; the folder is then one of styles.

    Raises:
        InputError: If there is no such run, epoch, bundle, or no music to evaluate it on.
        CorpusError: If the folder has no music that can be used.

    """
    console = PlainConsole(stderr=True)
    is_run = RunDirectory(Path(what)).is_there
    if not is_run and epoch is not None:
        raise InputError(f"--epoch {epoch}: {what} is no run directory, and a bundle holds one epoch only")
    candidate = _of_run(RunDirectory(Path(what)), epoch, console) if is_run else _of_bundle(what)
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
    material = candidate.material if folder is None else _styles_in(candidate, folder)
    if material is None:
        raise InputError(f"{candidate.title} does not hold the music it was trained on: give its FOLDER of styles too")

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
    screen.print(", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in means(found).items()))
    return 0


def _styles_in(candidate: Candidate, folder: str) -> Material:
    """A folder of styles, split as a training with the candidate's seed splits it, for the vectors that it has."""
    corpus = read_corpus(folder)
    names = [card.name for card in candidate.cards]
    unknown = [name for name in corpus.styles if name not in names]
    if not corpus.styles or unknown:
        what = f"{unknown[0]} in {folder} is none of" if unknown else f"{folder} has no sub-folders that are named as"
        raise InputError(f"{what} the styles of {candidate.title}: {', '.join(names)}")
    material = prepare(corpus, candidate.seed, corpus.styles)
    numbers = [names.index(name) for name in corpus.styles]
    train, validation, test = (
        tuple(replace(sequence, style=numbers[sequence.style]) for sequence in part)
        for part in (material.train, material.validation, material.test)
    )
    return Material(corpus, material.split, train, validation, test, candidate.cards)


def _of_run(run: RunDirectory, wanted: int | None, console: Console) -> Candidate:
    settings, saved = run.read_settings(), run.saved_epochs()
    check_stream(run, settings)
    epoch = run.best_epoch() if wanted is None else wanted
    if epoch not in saved:
        listed = ", ".join(map(str, saved)) or "none yet"
        raise InputError(f"epoch {epoch} of {run.path} was not saved; saved are: {listed}")
    network = load_network(run, epoch)
    material = material_of(run, settings, console)
    return Candidate(
        f"{settings.name}, epoch {epoch}",
        player_of(network),
        network.config.styles,
        len(settings.base_styles),
        material.styles,
        settings.seed,
        lambda sequences: evaluate(network, sequences),
        material,
    )


def _of_bundle(what: str) -> Candidate:
    path = Path(what)
    if path.suffix == ".onnx":
        path = path.with_name(f"{path.name}.json")
    named = None if path.name.endswith(CARD_SUFFIX) else find_style(what)
    bundle = load_bundle(named.path if named else path)
    if isinstance(bundle.card.encoding, TokenEncoding):
        raise InputError(f"{what} is of the article's presets, whose tokens have no rhythm to measure: name another")
    player, styles = player_of_engine(Engine(bundle)), len(bundle.card.styles)
    style = named.index if named else 0
    return Candidate(
        f"bundle {bundle.card.name}",
        player,
        styles,
        style,
        tuple(bundle.card.styles),
        bundle.card.provenance.seed,
        lambda sequences: score(player, sequences, styles),
        None,
    )


def _music(candidate: Candidate, folder: str | None) -> tuple[str, tuple[Sequence, ...], Material]:
    """What to measure on, and what to judge its improvisations by."""
    known = candidate.material
    if folder is None:
        if known is None:
            raise InputError(f"{candidate.title} does not hold the music it was trained on: give a FOLDER as well")
        for part in ("test", "validation", "train"):
            if getattr(known, part):
                return f"{known.corpus.source} ({part} part)", getattr(known, part), known
    corpus = read_corpus(str(folder))
    sequences = tuple(sequence_of(piece, candidate.style) for piece in corpus.pieces)
    if not sequences:
        raise CorpusError(f"{folder} has no music to evaluate on")
    if known is None:
        return str(folder), sequences, Material(corpus, Split(corpus.pieces, (), ()), sequences, (), ())
    return str(folder), sequences, known


def _heard(candidate: Candidate, material: Material) -> dict[str, Any]:
    """What the gates say of 32 excerpts, and how like the music they are."""
    try:
        jury = jury_of(material, candidate.styles)
    except CorpusError as error:
        return {"not_judged": str(error)}
    played = any(piece.performed for piece in material.split.train)
    loop, copy, longest, likeness, areas = jury.hear(improvised(jury, candidate.player), played=played)
    return {
        "loop_gate": _gate(loop),
        "copy_gate": _gate(copy),
        "longest_match": longest,
        "likeness": likeness,
        "likeness_ceiling": jury.ceiling,
        "overlapped_areas": areas,
    }


def _gate(gate: GateAdvice) -> dict[str, Any]:
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
