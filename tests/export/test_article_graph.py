"""Both presets as graphs: true LSTM nodes, the tensors of the bundle, and the music of the Keras network."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, numpy_helper

from lstm_composer.export.article_graph import check_parity, to_onnx
from lstm_composer.export.exported_run import Storage
from lstm_composer.export.onnx_model import round_weights
from lstm_composer.export.parity import STEPS, ParityError
from lstm_composer.runtime.bundle.encodings import TOKEN_ENCODINGS
from lstm_composer.runtime.bundle.tensors import expected_token_tensors
from lstm_composer.runtime.graph.inspection import check_graph
from lstm_composer.runtime.music.token_encoding import (
    Arrays,
    Run,
    TokenControls,
    TokenEncoding,
    token_advancer,
    token_noise,
    token_start,
    token_tensors,
)
from lstm_composer.trainer.article.network import lstm_layers, new_network
from lstm_composer.trainer.article.sampling import make_token_excerpts, runner_of

# Keras 3.15 copies variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

WINDOW, SCALE = 20, 0.05
VOCABULARY = sorted([*"CDEFGAB", "0.4.7", "11.2.5", "C#5"])


def encoding_of(preset: str) -> TokenEncoding:
    rng = np.random.default_rng(1)
    prompts = rng.integers(len(VOCABULARY), size=(3, WINDOW)).tolist()
    return TOKEN_ENCODINGS[preset](vocabulary=VOCABULARY, prompts=prompts, window=WINDOW)


def network_of(preset: str) -> Any:
    """A network that listens: random weights, the first layer's large, since all it is shown is one number a token."""
    network = new_network(preset, len(VOCABULARY), scale=SCALE, window=WINDOW)
    rng = np.random.default_rng(2)
    for variable in network.weights:
        if "variance" in variable.path:
            variable.assign(rng.uniform(0.5, 1.5, size=variable.shape))
        elif variable.dtype == "float32":
            variable.assign(rng.normal(size=variable.shape) * 0.6)
    kernel = lstm_layers(network)[0].cell.kernel
    kernel.assign(np.asarray(kernel) * 10)
    return network


def runner(model: onnx.ModelProto) -> Run:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(inputs: Arrays) -> Arrays:
        return dict(zip(names, session.run(names, dict(inputs)), strict=True))

    return run


@pytest.fixture(scope="module", params=["article", "skuldur"])
def preset(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def exported(preset: str) -> tuple[Any, onnx.ModelProto, TokenEncoding]:
    network, encoding = network_of(preset), encoding_of(preset)
    return network, to_onnx(network, encoding, "float32"), encoding


def test_true_lstm_nodes_and_the_tensors_of_a_bundle(exported: tuple[Any, onnx.ModelProto, TokenEncoding]) -> None:
    network, model, encoding = exported
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("LSTM") == len(lstm_layers(network)) == {"article": 2, "skuldur": 3}[network.name]
    assert not {"Loop", "Scan", "If"} & set(kinds)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    types = {"int32": "tensor(int32)", "float32": "tensor(float)"}
    for found, shapes in zip((session.get_inputs(), session.get_outputs()), token_tensors(encoding), strict=True):
        assert {tensor.name: (tensor.type, tuple(tensor.shape)) for tensor in found} == {
            name: (types[dtype], shape) for name, (dtype, shape) in shapes.items()
        }


def test_what_is_written_may_be_run(exported: tuple[Any, onnx.ModelProto, TokenEncoding]) -> None:
    """An operator that is new here belongs on the list in runtime/graph/operators.py, with the rule for its shapes."""
    _, model, encoding = exported
    check_graph(model.SerializeToString(), *expected_token_tensors(encoding))


@pytest.mark.parametrize("storage", ["float16", "float32"])
def test_graph_and_network_are_one(preset: str, storage: Storage) -> None:
    network, encoding = network_of(preset), encoding_of(preset)
    round_weights(network, storage)
    model = to_onnx(network, encoding, storage)
    stored = {tensor.data_type for tensor in model.graph.initializer if np.prod(tensor.dims) >= 256}
    assert stored == {TensorProto.FLOAT16 if storage == "float16" else TensorProto.FLOAT}
    run = runner(model)
    found = check_parity(network, run, encoding)
    assert (found.steps, found.greedy_equal) == (STEPS, True)
    assert found.max_difference <= 1e-5


def test_what_was_heard_counts(exported: tuple[Any, onnx.ModelProto, TokenEncoding]) -> None:
    _, model, encoding = exported
    constant = {name: np.repeat(values, 3, axis=0) for name, values in TokenControls(0.0).tensors().items()}
    noise = np.zeros((3, len(VOCABULARY)), np.float32)
    found = runner(model)({**constant, "window": np.array(encoding.prompts, np.int32), "noise": noise})
    assert np.ptp(found["log_probability"]) > 0.01


@pytest.mark.parametrize("name", ["W0", "R0", "B0", "logits"])
def test_an_altered_weight_is_found(exported: tuple[Any, onnx.ModelProto, TokenEncoding], name: str) -> None:
    network, model, encoding = exported
    altered = onnx.ModelProto()
    altered.CopyFrom(model)
    tensor = next(tensor for tensor in altered.graph.initializer if name in tensor.name)
    values = numpy_helper.to_array(tensor)
    noise = np.random.default_rng(0).normal(size=values.shape).astype(np.float32)
    tensor.CopyFrom(numpy_helper.from_array(values + 0.1 * noise, tensor.name))
    with pytest.raises(ParityError, match="the graph differs from the network"):
        check_parity(network, runner(altered), encoding)


def test_the_bundle_plays_what_the_checkpoint_samples(
    exported: tuple[Any, onnx.ModelProto, TokenEncoding], tmp_path: Path
) -> None:
    network, model, encoding = exported
    controls = TokenControls(temperature=0.9, min_p=0.02)
    (expected,) = make_token_excerpts(runner_of(network), encoding, [5], 20, controls)
    advance, cursor = token_advancer(runner(model), encoding, controls, seed=5), token_start(encoding, 5)
    for note in expected:
        played, cursor = advance(cursor)
        assert played == note


def test_min_p_and_temperature_steer(exported: tuple[Any, onnx.ModelProto, TokenEncoding]) -> None:
    _, model, encoding = exported
    run, voices = runner(model), 64
    windows = np.repeat(np.array(encoding.prompts[:1], np.int32), voices, axis=0)
    noise = np.concatenate([token_noise(seed, 0, len(VOCABULARY)) for seed in range(voices)])

    def choices(temperature: float, min_p: float) -> set[int]:
        steering = TokenControls(temperature, min_p).tensors()
        constant = {name: np.repeat(values, voices, axis=0) for name, values in steering.items()}
        return set(run({**constant, "window": windows, "noise": noise})["next_token"].tolist())

    greedy = choices(0.0, 0.0)
    assert len(greedy) == 1
    assert choices(1.0, 1.0) == greedy
    assert greedy < choices(5.0, 0.0)
