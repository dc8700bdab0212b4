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

import lstm_composer
from lstm_composer.export import article_graph
from lstm_composer.export.exported_run import ExportedRun, ExportSettings, Storage
from lstm_composer.export.onnx_model import round_weights, to_onnx
from lstm_composer.export.parity import check_parity
from lstm_composer.export.style_subset import subset_styles
from lstm_composer.runtime.bundle.encodings import Encoding, encoding_card
from lstm_composer.runtime.bundle.files import Bundle, write_bundle
from lstm_composer.runtime.bundle.schema import (
    SCHEMA_VERSION,
    BundleCard,
    NetworkCard,
    ParityCard,
    ProvenanceCard,
    SamplingCard,
)
from lstm_composer.runtime.bundle.tensors import Tensors, expected_tensors, expected_token_tensors
from lstm_composer.runtime.errors import CorpusError
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.system.visible_text import visible
from lstm_composer.trainer.article.encoding import read_encoding
from lstm_composer.trainer.article.learner import load_network as load_article
from lstm_composer.trainer.article.network import lstm_layers
from lstm_composer.trainer.corpus.corpus import read_corpus
from lstm_composer.trainer.dataset.dataset import build_dataset
from lstm_composer.trainer.evaluation.keras_nll import evaluate
from lstm_composer.trainer.network.excerpts import MIN_P, TEMPERATURE
from lstm_composer.trainer.network.stream_network import StreamNetwork
from lstm_composer.trainer.network.trained_network import load_network
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.text.names import shown_name

_NOT_TRIED = ParityCard(steps=0, greedy_equal=False, max_difference=0.0)


def run_export(settings: ExportSettings, exported: ExportedRun) -> int:
    """Export one epoch; returns the exit code.

    Args:
        settings: What is asked for.
        exported: What was read of the run for it.

    Raises:
        InputError: If the checkpoint cannot be opened or is damaged.
        MissingError: If the bundle cannot be written.

    """
    exporter = EXPORTERS[exported.trained.preset]
    network = exporter.load(exported.run, exported.epoch)
    round_weights(network, settings.weights)
    played = subset_styles(network, exported.kept) if settings.leave_out else network
    graph = exporter.to_graph(exported, played, settings.weights)
    untested = _card(settings, exported, network, graph)
    parity = graph.check(Engine(Bundle(untested, graph.onnx), "cpu"))
    card = msgspec.structs.replace(untested, parity=parity)
    path = write_bundle(card, graph.onnx, settings.output)
    _report(card, exported.epoch, path)
    return 0


@dataclass(frozen=True, slots=True)
class _Graph:
    """A converted network: its bytes, what the card says of them, and the check of graph against network."""

    onnx: bytes
    encoding: Encoding
    tensors: Tensors
    network: NetworkCard
    check: Callable[[Engine], ParityCard]


def _stream_graph(_exported: ExportedRun, network: StreamNetwork, storage: Storage) -> _Graph:
    config = network.config
    return _Graph(
        to_onnx(network, storage).SerializeToString(),
        encoding_card(),
        expected_tensors(config.layers, config.units, config.styles, config.memory),
        NetworkCard(layers=config.layers, units=config.units, memory=config.memory),
        lambda engine: check_parity(network, engine),
    )


def _article_graph(exported: ExportedRun, network: Any, storage: Storage) -> _Graph:
    encoding = read_encoding(exported.run, exported.trained)
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
    to_graph: Callable[[ExportedRun, Any, Storage], _Graph]


_ARTICLE = _Exporter(load_article, _article_graph)
EXPORTERS: Final = {"stream": _Exporter(load_network, _stream_graph), "article": _ARTICLE, "skuldur": _ARTICLE}
"""By preset."""


def _card(settings: ExportSettings, exported: ExportedRun, network: StreamNetwork, graph: _Graph) -> BundleCard:
    inputs, outputs = graph.tensors
    return BundleCard(
        schema_version=SCHEMA_VERSION,
        name=exported.name,
        licence=settings.licence,
        styles=exported.styles,
        encoding=graph.encoding,
        network=graph.network,
        inputs=inputs,
        outputs=outputs,
        sampling=SamplingCard(temperature=TEMPERATURE, min_p=MIN_P),
        provenance=_provenance(settings, exported),
        data=exported.data,
        split=exported.corpus.parts,
        metrics=_metrics(exported, network),
        parity=_NOT_TRIED,
        onnx_bytes=len(graph.onnx),
        onnx_sha256=hashlib.sha256(graph.onnx).hexdigest(),
    )


def _provenance(settings: ExportSettings, exported: ExportedRun) -> ProvenanceCard:
    rows = exported.run.read_history()
    seconds = sum(row.get("seconds", 0.0) for row in rows if row["epoch"] <= exported.epoch)
    return ProvenanceCard(
        run=shown_name(exported.run.path.resolve().name),
        epoch=exported.epoch,
        preset=exported.trained.preset,
        seed=exported.trained.seed,
        training_seconds=round(seconds, 1),
        machine=f"{os.cpu_count()} {platform.machine()} cores, {platform.system()}",
        program_version=lstm_composer.__version__,
        weights=settings.weights,
    )


def _metrics(exported: ExportedRun, network: StreamNetwork) -> dict[str, float]:
    """Figures of this epoch: on the validation part from the history, on the test part with the Markov model's."""
    run, epoch = exported.run, exported.epoch
    row = next((row for row in run.read_history() if row["epoch"] == epoch), {})
    validation = {f"validation_{key[4:]}": value for key, value in row.items() if key.startswith("val_")}
    kept = run.read_metrics()
    if kept.measured_on != "test" or not kept.is_whole:
        return validation
    test = kept.test if kept.best_epoch == epoch else _measured_now(exported, network)
    baseline = {f"markov_order_3_{key}": value for key, value in kept.markov_order_3.items()}
    return {**validation, **{f"test_{key}": value for key, value in test.items()}, **baseline}


def _measured_now(exported: ExportedRun, network: StreamNetwork) -> dict[str, float]:
    """Figures on the test part; none where the music is gone or has changed, so that its parts are others now."""
    trained = exported.trained
    try:
        corpus = read_corpus(trained.source, leave_out_untidy=trained.leave_out_untidy)
        material = build_dataset(corpus, trained.seed, trained.style_names, trained.base_styles)
    except CorpusError:
        return {}
    same = material.summary()["names"] == exported.corpus.names
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
