"""What tiny trainings measure and leave, and what is made of them; and what is refused of trainings."""

import csv
import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras
import pytest

from tests.golden.driving import card_again, run, small_networks, write_walk
from tests.golden.mistakes import MISTAKES_OF_TRAINING, refusals
from tests.golden.stored import check, shape
from tests.support.small_trainings import let_go_of_graphs

pytestmark = [
    # Keras 3.15 copies variables in a way that NumPy 2 warns of.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    # A training takes the signal of a test that has taken too long for the wish to be ended, and ends in good order.
    pytest.mark.timeout(1800),
]

RELATIVE: Final = 1e-5
"""How far another processor may come from the stored figures, by rounding alone."""
TIMES: Final = ("seconds", "notes_per_second")
TINY: Final = ("--units", "16", "--layers", "1", "--head-units", "16", "--batch-steps", "256", "--seed", "3")
TRAININGS: Final[Mapping[str, tuple[str, ...]]] = {
    "stream": ("music", "--save-every", "4", "--epochs", "4", "--own-keys-last", "1", *TINY),
    "stream from that": ("more", "--from", "stream", "--epochs", "3", "--save-every", "3", "--patience", "2"),
    "article": ("long", "--preset", "article", "--epochs", "3", "--save-every", "1", "--seed", "3"),
    "skuldur": ("long", "--preset", "skuldur", "--epochs", "2", "--save-every", "2", "--learning-rate", "0.01"),
}
"""Arguments by the name of the run, which is also that of its folder."""


@dataclass(frozen=True)
class Trained:
    """Where the runs are, and what each training said."""

    folder: Path
    said: dict[str, list[str]]


def without_figures(text: str) -> list[str]:
    """Lines of a command with # for each number: what they say and not what was measured."""
    return re.sub(r"\d[\d,.]*\d|\d", "#", text).splitlines()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    folder = tmp_path_factory.mktemp("trained")
    for seed in range(5):
        for name, notes in (("music", 30), ("more", 24), ("long", 130)):
            (folder / name).mkdir(parents=True, exist_ok=True)
            write_walk(folder / name / f"walk{seed}.mid", seed + len(name), notes)
    (folder / "music" / "text.mid").write_text("Dear diary, today I wrote no music.")
    said = {}
    with pytest.MonkeyPatch.context() as patch, small_networks():
        patch.chdir(folder)
        for name, arguments in TRAININGS.items():
            keras.utils.set_random_seed(random.randrange(1000))  # it does not matter what was drawn before
            outcome = run("train", *arguments, "--name", name.split()[-1], "--run-dir", name)
            assert outcome.code == 0, outcome.err
            said[name] = without_figures(outcome.out)
        yield Trained(folder, said)
    let_go_of_graphs()


def test_history(trained: Trained) -> None:
    found: dict[str, Any] = {}
    for name in TRAININGS:
        with (trained.folder / name / "history.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        found[f"{name}: columns"] = list(rows[0])
        for row in rows:
            figures = {column: float(cell) for column, cell in row.items() if column not in TIMES}
            found[f"{name}: epoch {row['epoch']}"] = figures
    check("history", found, relative=RELATIVE)


def test_run_directories(trained: Trained) -> None:
    found: dict[str, Any] = {}
    for name in TRAININGS:
        folder = trained.folder / name
        found[f"{name}: says"] = trained.said[name]
        found[f"{name}: files"] = sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())
        for path in sorted(folder.glob("*.json")):
            found[f"{name}: {path.name}"] = shape(json.loads(path.read_text()))
    check("run_directories", found)


def test_advise_evaluate_export(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained.folder)
    found: dict[str, Any] = {}
    for name, line in {
        "advise": ("advise", "stream"),
        "evaluate": ("evaluate", "stream", "--json"),
        "export": ("export", "--run", "stream", "--epoch", "best", "-o", "models"),
        "export the article's": ("export", "--run", "skuldur", "--epoch", "2", "-o", "models"),
    }.items():
        outcome = run(*line)
        assert outcome.code == 0, outcome.err
        is_json = "--json" in line
        found[name] = shape(json.loads(outcome.out)) if is_json else without_figures(outcome.out)
    for card in sorted(Path("models").glob("*.json")):
        found[f"{card.name}"] = shape(card_again(card))
    check("advise_evaluate_export", found)


def test_wrong_inputs(tmp_path: Path) -> None:
    check("wrong_inputs_of_training", refusals(MISTAKES_OF_TRAINING, tmp_path))
