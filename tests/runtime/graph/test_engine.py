"""The engine on a graph whose choices are known: greedy, sampled, steered, batched, and refused."""

import hashlib
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.bundle.files import Bundle
from lstm_composer.runtime.bundle.schema import NetworkCard
from lstm_composer.runtime.bundle.tensors import TensorCard, expected_tensors
from lstm_composer.runtime.errors import BundleError, MissingError
from lstm_composer.runtime.graph import engine as engine_module
from lstm_composer.runtime.graph.carried_state import State
from lstm_composer.runtime.graph.engine import Engine, Step
from lstm_composer.runtime.graph.gumbel_noise import SIZES, gumbel_noise
from lstm_composer.runtime.graph.inputs import FORBIDDEN, GraphInputs, stack_voices
from lstm_composer.runtime.music.event_encoding import DELTA_END, HEADS, LADDER, SILENT, Event
from lstm_composer.runtime.music.notes import Meter

QUARTER, HALF = LADDER.index(24), LADDER.index(48)
GREEDY = GraphInputs(style=(1.0,), temperature=(0.0,) * 4)
WARM = GraphInputs(style=(1.0,))
SLOPES = {"delta": 0.25, "pitch": 1.0, "duration": 0.25, "velocity": 1.0}


def run(engine: Engine, controls: GraphInputs, count: int, seed: int = 0) -> list[Step]:
    steps: list[Step] = []
    state = engine.start()
    for number in range(count):
        step = engine.step(state, controls.tensors(), gumbel_noise(seed, number))
        steps.append(step)
        state = step.state
    return steps


def columns(state: State, voice: int) -> list[object]:
    parts = (state.event[voice], state.position[voice], state.remaining[voice])
    return [part.tolist() for part in parts]


def test_the_known_music(tiny: Engine) -> None:
    events = [step.event() for step in run(tiny, GREEDY, 9)]
    assert events == [
        Event(0, 60, QUARTER, 28),
        Event(QUARTER, 62, QUARTER, 20),
        Event(QUARTER, 64, QUARTER, 20),
        Event(QUARTER, 65, QUARTER, 20),
        Event(QUARTER, 67, QUARTER, 28),
        Event(QUARTER, 69, QUARTER, 20),
        Event(QUARTER, 71, QUARTER, 20),
        Event(QUARTER, 72, HALF, 20),
        Event(QUARTER, 60, QUARTER, 28),
    ]


def test_the_bar_is_the_meters(tiny: Engine) -> None:
    steps = run(tiny, GraphInputs(style=(1.0,), meter=Meter(3, 4), temperature=(0.0,) * 4), 7)
    assert [int(step.state.position[0]) for step in steps] == [0, 24, 48, 0, 24, 48, 0]


def test_what_sounds_is_kept_from_note_to_note(tiny: Engine) -> None:
    remaining = run(tiny, GREEDY, 9)[-1].state.remaining[0]
    assert {pitch: int(remaining[pitch]) for pitch in (60, 72, 71, 69, 0)} == {
        60: 24,
        72: 24,
        71: -24,
        69: -48,
        0: SILENT,
    }
    assert not np.any(tiny.start().remaining != SILENT)


def test_a_step_leaves_the_state_before_it_as_it_was(tiny: Engine) -> None:
    state = tiny.start()
    before = columns(state, 0)
    tiny.step(state, GREEDY.tensors(), gumbel_noise(0, 0))
    assert columns(state, 0) == before


def test_log_probabilities_are_of_the_network_itself_whatever_steers_the_choice(tiny: Engine) -> None:
    for controls in (GREEDY, WARM, GraphInputs(style=(1.0,), temperature=(3.0,) * 4, min_p=0.2)):
        step = run(tiny, controls, 1)[0]
        favourites = (0, 60, QUARTER, 28 if step.event().delta == 0 else 20)
        for column, (head, favourite) in enumerate(zip(HEADS[1:], favourites[1:], strict=True), start=1):
            chosen = int(step.state.event[0, column])
            logits = [-SLOPES[head] * abs(index - favourite) for index in range(SIZES[head])]
            expected = logits[chosen] - math.log(sum(map(math.exp, logits)))
            assert step.log_probability[0, column] == pytest.approx(expected, abs=1e-5)


def test_without_temperature_noise_changes_nothing(tiny: Engine) -> None:
    assert [step.event() for step in run(tiny, GREEDY, 20, seed=1)] == [
        step.event() for step in run(tiny, GREEDY, 20, seed=2)
    ]


def test_with_min_p_of_one_only_the_likeliest_is_left(tiny: Engine) -> None:
    only_best = GraphInputs(style=(1.0,), min_p=1.0)
    assert [step.event() for step in run(tiny, only_best, 20, seed=3)] == [
        step.event() for step in run(tiny, GREEDY, 20)
    ]


@given(seed=st.integers(0, 2**63 - 1), min_p=st.sampled_from([0.1, 0.3, 0.7]))
def test_what_is_sampled_is_never_less_likely_than_min_p_allows(tiny: Engine, seed: int, min_p: float) -> None:
    event = run(tiny, GraphInputs(style=(1.0,), min_p=min_p), 1, seed)[0].event()
    widest = {head: -math.log(min_p) / SLOPES[head] for head in HEADS}
    assert event.delta <= widest["delta"] + 1e-3
    assert abs(event.pitch - 60) <= widest["pitch"] + 1e-3
    assert abs(event.duration - (HALF if event.pitch == 72 else QUARTER)) <= widest["duration"] + 1e-3


def test_noise_makes_neighbours_of_the_likeliest(tiny: Engine) -> None:
    pitches = {run(tiny, WARM, 1, seed)[0].event().pitch for seed in range(40)}
    assert 4 <= len(pitches) <= 20
    assert {59, 60, 61} <= pitches


@given(seed=st.integers(0, 2**63 - 1), allowed=st.sets(st.integers(0, 127), min_size=1, max_size=5))
def test_a_forbidden_pitch_is_never_chosen(tiny: Engine, seed: int, allowed: set[int]) -> None:
    bias = tuple(0.0 if pitch in allowed else FORBIDDEN for pitch in range(128))
    steps = run(tiny, GraphInputs(style=(1.0,), pitch_bias=bias), 3, seed)
    assert {step.event().pitch for step in steps} <= allowed


@pytest.mark.parametrize(("end_bias", "ends"), [(1e9, True), (0.0, False), (-1e9, False), (-math.inf, False)])
def test_the_end_can_be_asked_for_and_forbidden(tiny: Engine, end_bias: float, ends: bool) -> None:  # noqa: FBT001
    bias = (0.0,) * DELTA_END + (end_bias,)
    assert (run(tiny, replace(GREEDY, delta_bias=bias), 1)[0].event().delta == DELTA_END) is ends


def test_three_voices_at_once_are_three_voices_one_by_one(tiny: Engine) -> None:
    voices = [GraphInputs(style=(1.0,), temperature=(warmth,) * 4, min_p=0.02) for warmth in (0.0, 1.0, 2.0)]
    together = tiny.start(3)
    alone = [tiny.start() for _ in voices]
    tensors = stack_voices([voice.tensors() for voice in voices])
    for number in range(24):
        noises = [gumbel_noise(seed, number) for seed in range(3)]
        step = tiny.step(together, tensors, stack_voices(noises))
        singles = [
            tiny.step(state, voice.tensors(), noise) for state, voice, noise in zip(alone, voices, noises, strict=True)
        ]
        together, alone = step.state, [single.state for single in singles]
        for voice, single in enumerate(singles):
            assert step.event(voice) == single.event()
            assert columns(together, voice) == columns(single.state, 0)
            np.testing.assert_allclose(step.log_probability[voice], single.log_probability[0], atol=1e-6)
            for name in ("h", "c"):
                cells, own = together.tensors[name][:, voice], single.state.tensors[name][:, 0]
                np.testing.assert_allclose(cells, own, atol=1e-6)


def test_a_graph_of_another_size_than_its_card_says(tiny_bundle: Bundle) -> None:
    inputs, outputs = expected_tensors(1, 5, 1)
    card = msgspec.structs.replace(
        tiny_bundle.card, network=NetworkCard(layers=1, units=5), inputs=inputs, outputs=outputs
    )
    with pytest.raises(BundleError, match=r"tiny: its graph has a tensor h .* vocabulary does not match the weights"):
        Engine(Bundle(card, tiny_bundle.onnx), "cpu")


def test_a_graph_with_a_tensor_that_the_card_lacks() -> None:
    found = [SimpleNamespace(name=name, type="tensor(float)", shape=["voices", 1]) for name in ("min_p", "surprise")]
    with pytest.raises(BundleError, match="its graph has tensors that its card lacks \\(surprise\\)"):
        engine_module._check_tensors(found, [TensorCard(name="min_p", dtype="float32", shape=("voices", 1))], "tiny")


def test_bytes_that_are_no_graph(tiny_bundle: Bundle, capfd: pytest.CaptureFixture[str]) -> None:
    broken = b"no graph"
    card = msgspec.structs.replace(tiny_bundle.card, onnx_sha256=hashlib.sha256(broken).hexdigest())
    with pytest.raises(BundleError, match="bundle tiny: its graph is damaged") as caught:
        Engine(Bundle(card, broken), "cpu")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_graph_that_names_a_file(
    tiny_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    onnx = pytest.importorskip("onnx", reason="only making such a graph needs onnx")
    monkeypatch.chdir(tmp_path)
    Path("secret").write_bytes(bytes(4 * 128))
    model = onnx.load_from_string(tiny_bundle.onnx)
    weights = next(tensor for tensor in model.graph.initializer if list(tensor.dims) == [1, 128])
    weights.ClearField("raw_data")
    weights.data_location = onnx.TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="secret")
    with pytest.raises(BundleError, match="bundle tiny: its graph holds weights in another file") as caught:
        Engine(Bundle(tiny_bundle.card, model.SerializeToString()), "cpu")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_cuda_that_is_not_there(tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "cuda_offered", lambda: False)
    with pytest.raises(MissingError, match=r"--device cuda: .* use --device cpu, .* pip install"):
        Engine(tiny_bundle, "cuda")
    assert Engine(tiny_bundle, "auto").device == "cpu"


def test_cuda_that_is_offered_and_does_not_load(tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    on_cpu = engine_module._session
    monkeypatch.setattr(engine_module, "cuda_offered", lambda: True)
    monkeypatch.setattr(engine_module, "_session", lambda bundle, _device: on_cpu(bundle, "cpu"))
    with pytest.raises(MissingError, match="--device cuda: no usable NVIDIA GPU or CUDA libraries"):
        Engine(tiny_bundle, "cuda")
    assert Engine(tiny_bundle, "auto").device == "cpu"
