"""What `lstm-composer train` does with preset `stream`: train, measure, choose an epoch, and say so to a musician."""

import time
from typing import Any

from rich.console import Console

from lstm_composer.runtime.music.event_encoding import vocabulary
from lstm_composer.runtime.music.notes import Meter
from lstm_composer.trainer.commands.advise import give_advice, write_report
from lstm_composer.trainer.commands.music import check_same_music
from lstm_composer.trainer.commands.watched_training import Watchers, WriteSample, train_watched
from lstm_composer.trainer.dataset.dataset import Dataset
from lstm_composer.trainer.evaluation import markov_baseline
from lstm_composer.trainer.evaluation.keras_nll import evaluate
from lstm_composer.trainer.network.excerpts import SteppedNetwork, controls_of, stepped
from lstm_composer.trainer.network.stream_network import StreamNetwork
from lstm_composer.trainer.network.trained_network import load_network
from lstm_composer.trainer.reports.artifacts import sample_checkpoint, write_animation, write_corpus_report
from lstm_composer.trainer.reports.corpus_report import report_of
from lstm_composer.trainer.runs.progress import ProgressFile
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.runs.run_files import METRICS
from lstm_composer.trainer.runs.settings import TrainingSettings
from lstm_composer.trainer.training.early_stopping import has_ended
from lstm_composer.trainer.training.fine_tuning import initial_weights, save_initial_weights
from lstm_composer.trainer.training.stream_learner import StreamLearner


def train_stream(
    settings: TrainingSettings,
    run: RunDirectory,
    material: Dataset,
    console: Console,
    progress: ProgressFile,
    *,
    resume: bool,
) -> int:
    """Train a network of preset `stream`; returns the exit code.

    Raises:
        InputError: If the music of a run that is resumed has changed, or its base is damaged.

    """
    _open(run, settings, material, resume=resume)
    began = time.monotonic()
    learner, sample = StreamLearner(settings, material, run), _sampler(settings, material, run)
    watchers = Watchers(console, progress)
    saved = train_watched(learner, settings, run, watchers, sample, resume=resume)
    if saved:
        # Who has interrupted a training does not want to wait until all of it has been listened to.
        complete = has_ended(run.read_history(), settings)
        line = _conclude(run, settings, material, time.monotonic() - began, watchers, complete=complete)
        progress.tell("done" if complete else "stopped", line=line)
    return 0


def _open(run: RunDirectory, settings: TrainingSettings, material: Dataset, *, resume: bool) -> None:
    """Write what the run is about; of a resumed run, only its last epoch may have changed."""
    summary = material.summary()
    if not resume:
        weights = initial_weights(settings)  # before the folder is made: a base may turn out to be damaged
        run.create()
        save_initial_weights(run, weights)
    else:
        check_same_music(run, material, settings)
    run.write_json("encoding.json", vocabulary())
    run.write_json("corpus.json", summary)
    run.write_json("config.json", settings)
    if not resume:
        write_corpus_report(run, settings.name, report_of(material.corpus))


def _sampler(settings: TrainingSettings, material: Dataset, run: RunDirectory) -> WriteSample:
    summary = material.summary()
    style = len(settings.base_styles)
    keys = tuple(card.keys for card in material.styles)
    controls = controls_of(settings.network.styles, style, meter=Meter.parse(summary["meter"]), style_keys=keys)
    players: dict[int, SteppedNetwork] = {}  # one is compiled for each network: another comes only after a collapse

    def sample(network: StreamNetwork, epoch: int) -> None:
        player = players.setdefault(id(network), stepped(network))
        sample_checkpoint(run, player, epoch, name=settings.name, tempo_bpm=summary["tempo_bpm"], controls=controls)

    return sample


def _conclude(
    run: RunDirectory,
    settings: TrainingSettings,
    material: Dataset,
    seconds: float,
    watchers: Watchers,
    *,
    complete: bool,
) -> str:
    """Choose an epoch, measure it on the test part beside the Markov model, and write the report.

    Returns:
        Which epoch to take, in a sentence.

    """
    write_animation(run)
    console, progress = watchers.console, watchers.progress
    progress.tell("judging", line="listening to the saved epochs")
    advice = give_advice(run, settings, material, console, progress.tell_judged) if complete else None
    epoch = run.best_epoch()
    metrics = _measure(run, material, epoch, seconds)
    test, baseline = metrics["test"]["loss"], metrics["markov_order_3"]["loss"]
    heard = "on pieces it has never heard" if material.test or material.validation else "on the pieces it learned"
    measured = (
        f"epoch {epoch} has {test:.3f} nats a note {heard}; "
        f"a Markov model of order 3 has {baseline:.3f} (the network is {metrics['below_markov']:.0%} below)"
    )
    console.print(measured)
    console.print(f"next: composer-export --run {run.shown} --epoch {epoch}")
    if advice:
        write_report(run, settings.name, advice)
    return advice.sentence if advice else measured


def _measure(run: RunDirectory, material: Dataset, epoch: int, seconds: float) -> dict[str, Any]:
    held_out = material.test or material.validation or material.train
    found = evaluate(load_network(run, epoch), held_out)
    baseline = markov_baseline.nll_per_note(markov_baseline.fit(material.train), held_out)
    metrics: dict[str, Any] = {
        "best_epoch": epoch,
        "measured_on": "test" if material.test else "validation" if material.validation else "train",
        "test": found,
        "markov_order_3": baseline,
        "below_markov": 1 - found["loss"] / baseline["loss"],
        "training_seconds": round(run.read_metrics().training_seconds + seconds, 1),
    }
    run.write_json(METRICS, metrics)
    return metrics
