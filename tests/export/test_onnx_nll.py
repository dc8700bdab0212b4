"""A bundle is scored as its checkpoint is: the exported graph, forced to play pieces, says what Keras says of them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from lstm_composer.export.onnx_model import round_weights, to_onnx
from lstm_composer.runtime.errors import ComposerError, InputError
from lstm_composer.runtime.graph.engine import Engine
from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.trainer.cli.evaluate import main
from lstm_composer.trainer.dataset.training_piece import encode_piece
from lstm_composer.trainer.evaluation.keras_nll import evaluate
from lstm_composer.trainer.evaluation.onnx_nll import score, stepped_engine
from lstm_composer.trainer.network.stream_network import StreamNetwork
from lstm_composer.trainer.pieces.piece import make_piece
from lstm_composer.trainer.runs.network_config import PAST
from lstm_composer.trainer.runs.run_directory import RunDirectory

TINY_CARD = Path(__file__).parents[1] / "data" / "tiny.onnx.json"
MakeNetwork = Callable[..., StreamNetwork]
MakeEngine = Callable[[StreamNetwork, onnx.ModelProto], Engine]


@pytest.mark.parametrize("memory", [0, PAST])
def test_bundle_and_checkpoint_agree(make_network: MakeNetwork, make_engine: MakeEngine, memory: int) -> None:
    network = make_network(2, 16, memory)
    for variable in network.trainable_variables:  # or some notes were so unlikely that the graph would never take them
        variable.assign(0.5 * np.asarray(variable))
    round_weights(network, "float16")
    network.compile(jit_compile=False)
    engine = make_engine(network, to_onnx(network, "float16"))
    notes = [Note(18 * n, 60 + (7 * n) % 12, 12 + 6 * (n % 3), 40 + n) for n in range(40)]
    waltz = make_piece("waltz", notes)
    changing = replace(waltz, name="changing", meters=(MeterChange(0, Meter(3, 4)), MeterChange(216, Meter(6, 8))))
    sequences = [encode_piece(waltz), encode_piece(changing)]
    found, expected = score(stepped_engine(engine), sequences, 1), evaluate(network, sequences)
    assert found == pytest.approx({name: expected[name] for name in found}, abs=2e-4)


def test_a_run_is_measured_on_its_test_part(run_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(run_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    measured = RunDirectory(run_path).read_json("metrics.json")
    assert found["loss"] == pytest.approx(measured["test"]["loss"], abs=1e-4)
    assert {"accuracy_pitch", "loop_gate", "copy_gate", "likeness", "overlapped_areas"} <= set(found)
    assert main([str(run_path), "--epoch", "1"]) == 0
    assert "loop gate" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["no-such-style"], "no-such-style"),
        ([str(TINY_CARD)], "give a FOLDER as well"),
        ([str(TINY_CARD), "--epoch", "3"], "a bundle holds one epoch only"),
    ],
)
def test_what_cannot_be_evaluated(argv: list[str], words: str) -> None:
    with pytest.raises(ComposerError, match=words):
        main(argv)


def test_an_epoch_that_was_not_saved(run_path: Path) -> None:
    with pytest.raises(InputError, match=r"epoch 9 of .* was not saved; saved are: 1, 2"):
        main([str(run_path), "--epoch", "9"])
