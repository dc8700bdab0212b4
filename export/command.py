"""What `lstm-composer export` does: checkpoint -> ONNX -> parity -> bundle."""

import hashlib
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

import runtime
from export.convert import Storage, round_weights, to_onnx
from export.parity import check_parity
from runtime.bundle import (
    SCHEMA_VERSION,
    Bundle,
    BundleCard,
    DataSource,
    NetworkCard,
    ParityCard,
    PartCard,
    ProvenanceCard,
    SamplingCard,
    StyleCard,
    encoding_card,
    expected_tensors,
    write_bundle,
)
from runtime.engine import Engine
from runtime.errors import CorpusError, InputError
from trainer.corpus import read_corpus
from trainer.evaluation import evaluate
from trainer.material import prepare
from trainer.network import StreamNetwork
from trainer.run_directory import RunDirectory, newest_run
from trainer.settings import TrainingSettings
from trainer.training import load_network

DEFAULT_TEMPERATURE = (0.9, 0.9, 0.9, 1.0)
"""A little below 1: the network spreads more over the unlikely than the music it learned from does."""
DEFAULT_MIN_P = 0.03
_NOT_TRIED = ParityCard(steps=0, greedy_equal=False, max_difference=0.0)


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What to export, and how.

    Attributes:
        run: The run, None for the newest in runs/.
        epoch: The checkpoint, None for the best.
        output: Folder the bundle goes to.
        name: Name of bundle and style, None for the run's.
        weights: How they are stored; arithmetic is in 32 bits either way.
        data: JSON file with a list of sources (source, licence, attribution, pieces, notes), None to name the
            run's source alone.
        licence: Of the bundle.

    """

    run: Path | None
    epoch: int | None
    output: Path
    name: str | None
    weights: Storage
    data: Path | None
    licence: str


def run_export(settings: ExportSettings) -> int:
    """Export one epoch; returns the exit code.

    Raises:
        InputError: If the run or the epoch is not there.
        MissingError: If the bundle cannot be written.

    """
    run = RunDirectory(settings.run) if settings.run else newest_run(Path("runs"))
    trained = run.read_settings()
    epoch = _epoch(run, settings.epoch)
    data = _data(settings, run, trained)
    network = load_network(run, epoch)
    round_weights(network, settings.weights)
    onnx = to_onnx(network, settings.weights).SerializeToString()
    untested = _card(settings, run, trained, network, epoch, onnx, data)
    parity = check_parity(network, Engine(Bundle(untested, onnx), "cpu"))
    card = msgspec.structs.replace(untested, parity=parity)
    path = write_bundle(card, onnx, settings.output)
    _report(card, epoch, path)
    return 0


def _epoch(run: RunDirectory, wanted: int | None) -> int:
    saved = run.saved_epochs()
    epoch = run.best_epoch() if wanted is None else wanted
    if epoch not in saved:
        listed = ", ".join(map(str, saved)) or "none yet"
        raise InputError(f"epoch {epoch} of {run.path} was not saved; saved are: {listed}")
    return epoch


def _card(
    settings: ExportSettings,
    run: RunDirectory,
    trained: TrainingSettings,
    network: StreamNetwork,
    epoch: int,
    onnx: bytes,
    data: list[DataSource],
) -> BundleCard:
    name = settings.name or trained.name
    corpus, parts = run.read_json("corpus.json"), _parts(run)
    inputs, outputs = expected_tensors(network.config.layers, network.config.units, network.config.styles)
    return BundleCard(
        schema_version=SCHEMA_VERSION,
        name=name,
        licence=settings.licence,
        styles=[
            StyleCard(
                name=name,
                tempo_bpm=round(corpus["tempo_bpm"], 1),
                meter=corpus["meter"],
                pieces=sum(part.pieces for part in parts.values()),
                notes=sum(part.notes for part in parts.values()),
            )
        ],
        encoding=encoding_card(),
        network=NetworkCard(layers=network.config.layers, units=network.config.units),
        inputs=inputs,
        outputs=outputs,
        sampling=SamplingCard(temperature=DEFAULT_TEMPERATURE, min_p=DEFAULT_MIN_P),
        provenance=_provenance(settings, run, trained, epoch),
        data=data,
        split=parts,
        metrics=_metrics(run, trained, network, epoch),
        parity=_NOT_TRIED,
        onnx_bytes=len(onnx),
        onnx_sha256=hashlib.sha256(onnx).hexdigest(),
    )


def _provenance(settings: ExportSettings, run: RunDirectory, trained: TrainingSettings, epoch: int) -> ProvenanceCard:
    seconds = sum(row["seconds"] for row in run.read_history() if row["epoch"] <= epoch)
    return ProvenanceCard(
        run=run.path.resolve().name,
        epoch=epoch,
        preset=trained.preset,
        seed=trained.seed,
        training_seconds=round(seconds, 1),
        machine=f"{os.cpu_count()} {platform.machine()} cores, {platform.system()}",
        program_version=runtime.__version__,
        weights=settings.weights,
    )


def _parts(run: RunDirectory) -> dict[str, PartCard]:
    return msgspec.convert(run.read_json("corpus.json")["parts"], dict[str, PartCard])


def _data(settings: ExportSettings, run: RunDirectory, trained: TrainingSettings) -> list[DataSource]:
    if settings.data is not None:
        try:
            return msgspec.json.decode(settings.data.read_bytes(), type=list[DataSource])
        except (OSError, msgspec.MsgspecError) as error:
            raise InputError(f"--data {settings.data} is no list of sources ({error}); see docs/bundles.md") from error
    # The folder's own name, never its path: a bundle says nothing of the machine it was made on.
    source = trained.source if trained.source.startswith("music21:") else Path(trained.source).resolve().name
    pieces, notes = (sum(getattr(part, field) for part in _parts(run).values()) for field in ("pieces", "notes"))
    return [DataSource(source=source, licence="not stated", attribution="", pieces=pieces, notes=notes)]


def _metrics(run: RunDirectory, trained: TrainingSettings, network: StreamNetwork, epoch: int) -> dict[str, float]:
    """Figures of this epoch: on the validation part from the history, on the test part with the Markov model's."""
    row = next((row for row in run.read_history() if row["epoch"] == epoch), {})
    validation = {f"validation_{key[4:]}": value for key, value in row.items() if key.startswith("val_")}
    kept: dict[str, Any] = run.read_json("metrics.json")
    if kept.get("measured_on") != "test":
        return validation
    test = kept["test"] if kept["best_epoch"] == epoch else _measured_now(run, trained, network)
    baseline = {f"markov_order_3_{key}": value for key, value in kept["markov_order_3"].items()}
    return {**validation, **{f"test_{key}": value for key, value in test.items()}, **baseline}


def _measured_now(run: RunDirectory, trained: TrainingSettings, network: StreamNetwork) -> dict[str, float]:
    """Figures on the test part; none where the music is gone or has changed, so that its parts are others now."""
    try:
        material = prepare(read_corpus(trained.source), trained.seed)
    except CorpusError:
        return {}
    same = material.summary()["names"] == run.read_json("corpus.json").get("names")
    return evaluate(network, material.test) if same else {}


def _report(card: BundleCard, epoch: int, path: Path) -> None:
    held_out = card.metrics.get("test_loss", card.metrics.get("validation_loss"))
    figure = f", {held_out:.3f} nats a note on held-out pieces" if held_out is not None else ""
    sys.stdout.write(
        f"epoch {epoch} exported to {path.with_suffix('')} ({card.onnx_bytes / 1e6:.1f} MB, {card.provenance.weights} "
        f"weights{figure}); graph and network agree to {card.parity.max_difference:.1e} "
        f"over {card.parity.steps} notes\n"
        f"next: lstm-composer play --style {card.name} --models-dir {path.parent}\n"
    )
