"""For a style of a joint network: has that, a copy fine-tuned on the style, or a network of its own the least NLL?

    python benchmarks/training/joint_vs_single_style.py RUN OUT.jsonl [--minutes 1.5] [STYLE...]

The joint network is the run's best epoch. All three are measured on the pieces of the style that were held out when it
was trained, and of the two that are trained here each gives its best epoch on the validation part. They train for
equally long: `alone` for as many epochs of its own recipe as fit into the time of the fine-tuning. OUT.jsonl gets a
line a style; those that it has are not trained again.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from benchmarks.common.tables import machine, print_table
from lstm_composer.trainer.network.quiet_tensorflow import quiet_tensorflow

with quiet_tensorflow():
    import numpy as np
    from rich.console import Console

    from lstm_composer.trainer.commands.music import material_of
    from lstm_composer.trainer.dataset.dataset import Dataset
    from lstm_composer.trainer.evaluation.keras_nll import evaluate
    from lstm_composer.trainer.evaluation.per_style import by_style
    from lstm_composer.trainer.network.trained_network import load_network
    from lstm_composer.trainer.runs.network_config import NetworkConfig
    from lstm_composer.trainer.runs.run_directory import RunDirectory
    from lstm_composer.trainer.runs.settings import FINE_TUNING, FROM_NOTHING, Recipe, TrainingSettings
    from lstm_composer.trainer.training.fine_tuning import INITIAL_WEIGHTS, find_pretrained
    from lstm_composer.trainer.training.interruption import Interruption
    from lstm_composer.trainer.training.loop import TrainingCallbacks, train
    from lstm_composer.trainer.training.stream_learner import StreamLearner

MINUTES = 1.5
MOST_EPOCHS = 24
"""Of a fine-tuning, as `train --from` has; small styles need less than the minutes given."""
PROBE_EPOCHS = 2
"""How fast a network learns is measured on the second: the first compiles."""


class Figures(msgspec.Struct, frozen=True):
    """Nats a note on the test part of a style.

    Attributes:
        style: Its name.
        notes: In its training part.
        joint: Of the network of all styles.
        tuned: Of a copy of that, trained on the style alone.
        alone: Of a network that has seen nothing else.
        minutes: That each of these two has trained for.

    """

    style: str
    notes: int
    joint: float
    tuned: float
    alone: float
    minutes: float

    @property
    def best(self) -> str:
        """Which has the least."""
        return min(("joint", "tuned", "alone"), key=lambda name: getattr(self, name))


@dataclass(frozen=True, slots=True)
class Learning:
    """A way to learn a style.

    Attributes:
        settings: The epochs do not count.
        weights: To start from, none for a network that knows nothing.

    """

    settings: TrainingSettings
    weights: dict[str, Any] | None = None

    def trained(self, material: Dataset, epochs: int) -> tuple[float, float]:
        """Train; nats a note on the test part in the best epoch, and seconds an epoch but the first."""
        with TemporaryDirectory() as folder:
            run = RunDirectory(Path(folder) / "run")
            run.create()
            if self.weights is not None:
                np.savez(run.path / INITIAL_WEIGHTS, allow_pickle=False, **self.weights)
            settings = msgspec.structs.replace(self.settings, epochs=epochs, save_every=1)
            train(StreamLearner(settings, material, run), settings, run, Interruption(), TrainingCallbacks())
            rows = run.read_history()
            best = min(rows, key=lambda row: row["val_loss"])
            found = evaluate(load_network(run, int(best["epoch"]), settings), material.test)["loss"]
            seconds = [row["seconds"] for row in rows][1:]
            return found, sum(seconds) / len(seconds)


def with_recipe(settings: TrainingSettings, recipe: Recipe) -> TrainingSettings:
    """The settings of a run with another recipe."""
    return msgspec.structs.replace(
        settings, learning_rate=recipe.learning_rate, batch_steps=recipe.batch_steps, own_keys_last=0, patience=None
    )


def figures_of(style: str, material: Dataset, run: RunDirectory, minutes: float) -> Figures:
    """Train the two, and measure the three."""
    joint = run.read_settings()
    found = find_pretrained(str(run.path))
    base = msgspec.structs.replace(found.card, styles=())
    network, weights = load_network(run, base.epoch), dict(found.weights())
    tuned = Learning(msgspec.structs.replace(with_recipe(joint, FINE_TUNING), base=base), weights)
    own = NetworkConfig(styles=joint.network.styles)
    alone = Learning(msgspec.structs.replace(with_recipe(joint, FROM_NOTHING), network=own, batch_steps=1024))

    def epochs_in(learning: Learning, seconds: float) -> int:
        _, each = learning.trained(material, PROBE_EPOCHS)
        return max(PROBE_EPOCHS, int(seconds / each))

    epochs = min(MOST_EPOCHS, epochs_in(tuned, 60 * minutes))
    began = time.monotonic()
    by_tuning, _ = tuned.trained(material, epochs)
    seconds = time.monotonic() - began
    by_itself, _ = alone.trained(material, epochs_in(alone, seconds))
    return Figures(
        style=style,
        notes=sum(sequence.notes for sequence in material.train),
        joint=round(evaluate(network, material.test)["loss"], 3),
        tuned=round(by_tuning, 3),
        alone=round(by_itself, 3),
        minutes=round(seconds / 60, 1),
    )


def show(found: Sequence[Figures]) -> None:
    """Print the table of docs/training.md."""
    titles = ("style", "notes", "joint", "fine-tuned", "alone", "minutes", "least")
    names = {"joint": "joint", "tuned": "fine-tuned", "alone": "alone"}
    rows = [
        (one.style, f"{one.notes:,}", one.joint, one.tuned, one.alone, one.minutes, names[one.best]) for one in found
    ]
    print_table(titles, rows)


def main() -> None:
    """Compare the styles asked for, or all that have held-out pieces."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("styles", nargs="*")
    parser.add_argument("--minutes", type=float, default=MINUTES)
    arguments = parser.parse_args()
    run = RunDirectory(arguments.run)
    console = Console(highlight=False, markup=False, soft_wrap=True, stderr=True)
    apart = by_style(material_of(run, run.read_settings(), console))
    lines = arguments.out.read_bytes().splitlines() if arguments.out.exists() else []
    found = [msgspec.json.decode(line, type=Figures) for line in lines]
    for style in arguments.styles or apart:
        own = apart[style]
        if style in {one.style for one in found} or not (own.validation and own.test):
            continue
        found.append(figures_of(style, own, run, arguments.minutes))
        with arguments.out.open("ab") as file:
            file.write(msgspec.json.encode(found[-1]) + b"\n")
        console.print(found[-1])
    print(machine())
    show(found)


if __name__ == "__main__":
    main()
