"""What is evaluated: a checkpoint of a run or a bundle; how it plays and predicts, and what it learned from."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from lstm_composer.runtime.bundle.files import CARD_SUFFIX, load_bundle
from lstm_composer.runtime.bundle.library import find_style
from lstm_composer.runtime.bundle.schema import StyleCard
from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.trainer.commands.advise import check_judged
from lstm_composer.trainer.commands.music import material_of
from lstm_composer.trainer.corpus.corpus import read_corpus
from lstm_composer.trainer.dataset.dataset import Dataset, build_dataset
from lstm_composer.trainer.evaluation.keras_nll import evaluate
from lstm_composer.trainer.evaluation.onnx_nll import score, stepped_engine
from lstm_composer.trainer.network.excerpts import SteppedNetwork, stepped
from lstm_composer.trainer.network.trained_network import load_network
from lstm_composer.trainer.runs.run_directory import RunDirectory


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
    player: SteppedNetwork
    styles: int
    style: int
    cards: tuple[StyleCard, ...]
    seed: int
    figures: Any
    material: Dataset | None


def candidate_of(what: str, epoch: int | None, console: Console) -> Candidate:
    """Load a run's checkpoint, by default the best, or a bundle.

    Raises:
        InputError: If there is no such run, epoch or bundle.

    """
    if RunDirectory(Path(what)).is_there:
        return _of_run(RunDirectory(Path(what)), epoch, console)
    if epoch is not None:
        raise InputError(f"--epoch {epoch}: {what} is no run directory, and a bundle holds one epoch only")
    return _of_bundle(what)


def material_by_style(candidate: Candidate, folder: str | None) -> Dataset:
    """The music of a candidate's styles: its own, or that in a folder of styles with the names of its own.

    Raises:
        InputError: If it does not hold its music and no folder is given, or the folder has other styles.
        CorpusError: If the folder has no music that can be used.

    """
    material = candidate.material if folder is None else _styles_in(candidate, folder)
    if material is None:
        raise InputError(f"{candidate.title} does not hold the music it was trained on: give its FOLDER of styles too")
    return material


def _styles_in(candidate: Candidate, folder: str) -> Dataset:
    """A folder of styles, split as a training with the candidate's seed splits it, for the vectors that it has."""
    corpus = read_corpus(folder)
    names = [card.name for card in candidate.cards]
    unknown = [name for name in corpus.styles if name not in names]
    if not corpus.styles or unknown:
        what = f"{unknown[0]} in {folder} is none of" if unknown else f"{folder} has no sub-folders that are named as"
        raise InputError(f"{what} the styles of {candidate.title}: {', '.join(names)}")
    material = build_dataset(corpus, candidate.seed, corpus.styles)
    numbers = [names.index(name) for name in corpus.styles]
    train, validation, test = (
        tuple(replace(sequence, style=numbers[sequence.style]) for sequence in part)
        for part in (material.train, material.validation, material.test)
    )
    return Dataset(corpus, material.split, train, validation, test, candidate.cards)


def _of_run(run: RunDirectory, wanted: int | None, console: Console) -> Candidate:
    settings, saved = run.read_settings(), run.saved_epochs()
    check_judged(run, settings)
    epoch = run.best_epoch() if wanted is None else wanted
    if epoch not in saved:
        listed = ", ".join(map(str, saved)) or "none yet"
        raise InputError(f"epoch {epoch} of {run.path} was not saved; saved are: {listed}")
    network = load_network(run, epoch)
    material = material_of(run, settings, console)
    return Candidate(
        f"{settings.name}, epoch {epoch}",
        stepped(network),
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
    if not bundle.card.encoding.is_in_time:
        raise InputError(f"{what} is of the article's presets, whose tokens have no rhythm to measure: name another")
    player, styles = stepped_engine(Engine(bundle)), len(bundle.card.styles)
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
