"""What `lstm-composer export` does: checkpoint -> ONNX -> parity -> bundle."""

import hashlib
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

import runtime
from export import article_graph
from export.onnx_model import Storage, round_weights, to_onnx
from export.parity import check_parity
from export.style_subset import style_indices_to_keep, subset_styles
from runtime.bundle.files import (
    SCHEMA_VERSION,
    Bundle,
    BundleCard,
    DataSource,
    EncodingCard,
    NetworkCard,
    ParityCard,
    ProvenanceCard,
    SamplingCard,
    StyleCard,
    TensorCard,
    encoding_card,
    expected_tensors,
    expected_token_tensors,
    write_bundle,
)
from runtime.errors import CorpusError, InputError
from runtime.graph.engine import Engine
from runtime.music.token_encoding import ArticleEncoding, SkuldurEncoding
from runtime.system.foreign_files import read_foreign_json
from runtime.system.visible_text import visible
from trainer.article.learner import load_network as load_article
from trainer.article.learner import read_encoding
from trainer.article.network import lstm_layers
from trainer.corpus.corpus import read_corpus
from trainer.dataset.dataset import build_dataset
from trainer.evaluation.keras_nll import evaluate
from trainer.network.excerpts import MIN_P, TEMPERATURE
from trainer.network.stream_network import StreamNetwork
from trainer.network.trained_network import load_network
from trainer.runs.newest_run import newest_run
from trainer.runs.run_directory import RunDirectory
from trainer.runs.settings import TrainingSettings
from trainer.text.names import shown_name
from trainer.training.fine_tuning import data_of_run, styles_of_run

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
            run's source alone. Those of the base that a run was fine-tuned from come before them in any case.
        licence: Of the bundle.
        sampling: JSON file with defaults (temperature, min_p) for the styles that want others than the rest, None if
            there are none.
        leave_out: Styles that are not to be in the bundle.

    """

    run: Path | None
    epoch: int | None
    output: Path
    name: str | None
    weights: Storage
    data: Path | None
    licence: str
    sampling: Path | None = None
    leave_out: tuple[str, ...] = ()


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
    run.read_corpus(trained)  # before the work, as everything that may be damaged
    run.read_history()
    run.read_metrics()
    _styles_of_bundle(settings, run, trained)
    exporter = EXPORTERS[trained.preset]
    network = exporter.load(run, epoch)
    round_weights(network, settings.weights)
    played = network
    if settings.leave_out:
        played = subset_styles(network, style_indices_to_keep(styles_of_run(run, trained), settings.leave_out))
    graph = exporter.to_graph(run, trained, played, settings.weights)
    untested = _card(settings, run, trained, network, epoch, graph, data)
    parity = graph.check(Engine(Bundle(untested, graph.onnx), "cpu"))
    card = msgspec.structs.replace(untested, parity=parity)
    path = write_bundle(card, graph.onnx, settings.output)
    _report(card, epoch, path)
    return 0


@dataclass(frozen=True, slots=True)
class _Graph:
    """A converted network: its bytes, what the card says of them, and the check of graph against network."""

    onnx: bytes
    encoding: EncodingCard | ArticleEncoding | SkuldurEncoding
    tensors: tuple[list[TensorCard], list[TensorCard]]
    network: NetworkCard
    check: Callable[[Engine], ParityCard]


def _stream_graph(_run: RunDirectory, _trained: TrainingSettings, network: StreamNetwork, storage: Storage) -> _Graph:
    config = network.config
    return _Graph(
        to_onnx(network, storage).SerializeToString(),
        encoding_card(),
        expected_tensors(config.layers, config.units, config.styles, config.memory),
        NetworkCard(layers=config.layers, units=config.units, memory=config.memory),
        lambda engine: check_parity(network, engine),
    )


def _article_graph(run: RunDirectory, trained: TrainingSettings, network: Any, storage: Storage) -> _Graph:
    encoding = read_encoding(run, trained)
    layers = lstm_layers(network)
    return _Graph(
        article_graph.to_onnx(network, encoding, storage).SerializeToString(),
        encoding,
        expected_token_tensors(encoding),
        NetworkCard(layers=len(layers), units=layers[0].units),
        lambda engine: article_graph.check_parity(network, engine.run, encoding),
    )


@dataclass(frozen=True, slots=True)
class _Exporter:
    """How a checkpoint of a preset is loaded, and made a graph."""

    load: Callable[[RunDirectory, int], Any]
    to_graph: Callable[[RunDirectory, TrainingSettings, Any, Storage], _Graph]


_ARTICLE = _Exporter(load_article, _article_graph)
EXPORTERS: Final = {"stream": _Exporter(load_network, _stream_graph), "article": _ARTICLE, "skuldur": _ARTICLE}
"""By preset."""


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
    graph: _Graph,
    data: list[DataSource],
) -> BundleCard:
    inputs, outputs = graph.tensors
    return BundleCard(
        schema_version=SCHEMA_VERSION,
        name=settings.name or trained.name,
        licence=settings.licence,
        styles=_styles_of_bundle(settings, run, trained),
        encoding=graph.encoding,
        network=graph.network,
        inputs=inputs,
        outputs=outputs,
        sampling=SamplingCard(temperature=TEMPERATURE, min_p=MIN_P),
        provenance=_provenance(settings, run, trained, epoch),
        data=data,
        split=run.read_corpus(trained).parts,
        metrics=_metrics(run, trained, network, epoch),
        parity=_NOT_TRIED,
        onnx_bytes=len(graph.onnx),
        onnx_sha256=hashlib.sha256(graph.onnx).hexdigest(),
    )


def _styles_of_bundle(settings: ExportSettings, run: RunDirectory, trained: TrainingSettings) -> list[StyleCard]:
    """All styles that stay; the one that bears the run's name gets the bundle's.

    Raises:
        InputError: If another style is called so, or the defaults of styles cannot be read.

    """
    name = settings.name or trained.name
    styles = [style for style in styles_of_run(run, trained) if style.name not in settings.leave_out]
    others = [style.name for style in styles if style.name != trained.name]
    if len(others) < len(styles) and name in others:
        raise InputError(f"--name {name} is that of a style of the base: give the new one another")
    named = [msgspec.structs.replace(s, name=name) if s.name == trained.name else s for s in styles]
    return _with_sampling(named, settings.sampling)


def _with_sampling(styles: list[StyleCard], path: Path | None) -> list[StyleCard]:
    """Give the styles that a file names defaults of their own.

    Raises:
        InputError: If the file cannot be read, or names a style that is not there.

    """
    if path is None:
        return styles
    try:
        own = read_foreign_json(path, dict[str, SamplingCard])
    except InputError as error:
        shown = visible(str(path))
        raise InputError(f"--sampling {shown} holds no temperature and min_p by style (it {error})") from error
    unknown = sorted(set(own) - {style.name for style in styles})
    if unknown:
        raise InputError(f"--sampling {visible(str(path))} names {visible(unknown[0])}, which is no style of the run")
    return [msgspec.structs.replace(style, sampling=own.get(style.name, style.sampling)) for style in styles]


def _provenance(settings: ExportSettings, run: RunDirectory, trained: TrainingSettings, epoch: int) -> ProvenanceCard:
    seconds = sum(row.get("seconds", 0.0) for row in run.read_history() if row["epoch"] <= epoch)
    return ProvenanceCard(
        run=shown_name(run.path.resolve().name),
        epoch=epoch,
        preset=trained.preset,
        seed=trained.seed,
        training_seconds=round(seconds, 1),
        machine=f"{os.cpu_count()} {platform.machine()} cores, {platform.system()}",
        program_version=runtime.__version__,
        weights=settings.weights,
    )


def _data(settings: ExportSettings, run: RunDirectory, trained: TrainingSettings) -> list[DataSource]:
    if settings.data is not None:
        try:
            own = read_foreign_json(settings.data, list[DataSource])
        except InputError as error:
            shown = visible(str(settings.data))
            raise InputError(f"--data {shown} is no list of sources: it {error}; see docs/bundles.md") from error
        return [*(trained.base.data if trained.base else ()), *own]
    return data_of_run(run, trained)


def _metrics(run: RunDirectory, trained: TrainingSettings, network: StreamNetwork, epoch: int) -> dict[str, float]:
    """Figures of this epoch: on the validation part from the history, on the test part with the Markov model's."""
    row = next((row for row in run.read_history() if row["epoch"] == epoch), {})
    validation = {f"validation_{key[4:]}": value for key, value in row.items() if key.startswith("val_")}
    kept = run.read_metrics()
    if kept.measured_on != "test" or not kept.is_whole:
        return validation
    test = kept.test if kept.best_epoch == epoch else _measured_now(run, trained, network)
    baseline = {f"markov_order_3_{key}": value for key, value in kept.markov_order_3.items()}
    return {**validation, **{f"test_{key}": value for key, value in test.items()}, **baseline}


def _measured_now(run: RunDirectory, trained: TrainingSettings, network: StreamNetwork) -> dict[str, float]:
    """Figures on the test part; none where the music is gone or has changed, so that its parts are others now."""
    try:
        corpus = read_corpus(trained.source, leave_out_untidy=trained.leave_out_untidy)
        material = build_dataset(corpus, trained.seed, trained.style_names, trained.base_styles)
    except CorpusError:
        return {}
    same = material.summary()["names"] == run.read_corpus(trained).names
    return evaluate(network, material.test) if same else {}


def _report(card: BundleCard, epoch: int, path: Path) -> None:
    held_out = card.metrics.get("test_loss", card.metrics.get("validation_loss"))
    figure = f", {held_out:.3f} nats a note on held-out pieces" if held_out is not None else ""
    played = next((style.name for style in card.styles if style.name == card.name), card.styles[0].name)
    sys.stdout.write(
        f"epoch {epoch} exported to {visible(str(path.with_suffix('')))} "
        f"({card.onnx_bytes / 1e6:.1f} MB, {card.provenance.weights} weights{figure}); "
        f"graph and network agree to {card.parity.max_difference:.1e} over {card.parity.steps} notes\n"
        f"next: lstm-composer play --style {visible(played)} --models-dir {visible(str(path.parent))}\n"
    )
