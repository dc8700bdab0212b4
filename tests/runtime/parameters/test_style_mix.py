"""Mixing styles: what --style may say, which bundle holds the mix, and what the mix is played with."""

import hashlib
import math
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.bundle.files import Bundle, write_bundle
from lstm_composer.runtime.bundle.library import find_styles
from lstm_composer.runtime.bundle.schema import StyleCard
from lstm_composer.runtime.bundle.tensors import expected_tensors
from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.notes import Meter
from lstm_composer.runtime.parameters.style_mix import heaviest_of, read_mix, shown
from lstm_composer.runtime.session.loading import load_composer
from lstm_composer.runtime.session.settings import MusicSettings

HALVES = {"bach": 0.5, "joplin": 0.5}


@pytest.mark.parametrize(
    ("text", "mix"),
    [
        ("bach", {"bach": 1.0}),
        ("bach:0.2", {"bach": 1.0}),
        ("bach:0.7,joplin:0.3", {"bach": 0.7, "joplin": 0.3}),
        ("joplin:30,bach:70", {"joplin": 0.3, "bach": 0.7}),
        ("bach,joplin", HALVES),
        ("bach,joplin:3", {"bach": 0.25, "joplin": 0.75}),
        (" bach : 1 , joplin : 1e0 ", HALVES),
        ("bach:1,joplin:0", {"bach": 1.0, "joplin": 0.0}),
        ("bach:1e308,joplin:1e308", HALVES),
        ("bach:5e-324,joplin:5e-324", HALVES),
        ("J. S. Bach:1,old-rags:1", {"J. S. Bach": 0.5, "old-rags": 0.5}),
    ],
)
def test_what_is_understood(text: str, mix: dict[str, float]) -> None:
    read = read_mix(text)
    assert list(read) == list(mix)
    assert read == pytest.approx(mix)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "--style '': '' is no style with a weight from 0: write NAME, or bach:0.7,ragtime:0.3"),
        ("bach,", "--style 'bach,': '' is no style"),
        (":0.5", "':0.5' is no style with a weight"),
        ("bach:", "'bach:' is no style with a weight"),
        ("bach:much", "'bach:much' is no style with a weight"),
        ("bach:1,joplin:-0.3", "'joplin:-0.3' is no style with a weight from 0"),
        ("bach:nan", "'bach:nan' is no style with a weight"),
        ("bach:inf", "'bach:inf' is no style with a weight"),
        ("bach:1:2", "'bach:1:2' is no style with a weight"),
        ("bach:0,joplin:0", "--style 'bach:0,joplin:0' has no weight above 0: give one style more"),
        ("bach:1,bach:2", "--style 'bach:1,bach:2' names bach twice: give each style one weight"),
    ],
)
def test_what_is_not(text: str, message: str) -> None:
    with pytest.raises(InputError) as refusal:
        read_mix(text)
    assert message in str(refusal.value)


weights = st.lists(st.floats(0, allow_nan=False, allow_infinity=False), min_size=1, max_size=6).filter(any)


@given(weights)
def test_weights_add_up_to_one_and_keep_their_order(given_weights: list[float]) -> None:
    mix = read_mix(",".join(f"style{index}:{weight!r}" for index, weight in enumerate(given_weights)))
    assert math.fsum(mix.values()) == pytest.approx(1)
    assert all(0 <= weight <= 1 for weight in mix.values())
    # By weight, not by name: two that differ in the last bit may have become equal.
    assert mix[heaviest_of(mix)] == mix[f"style{given_weights.index(max(given_weights))}"] == max(mix.values())
    pairs = sorted(zip(given_weights, mix.values(), strict=True))
    assert [weight for _, weight in pairs] == sorted(mix.values())


@given(weights)
def test_a_mix_of_its_own_weights_is_the_same_mix(given_weights: list[float]) -> None:
    mix = read_mix(",".join(f"style{index}:{weight!r}" for index, weight in enumerate(given_weights)))
    again = read_mix(",".join(f"{name}:{weight!r}" for name, weight in mix.items()))
    assert again == pytest.approx(mix)


def test_how_a_mix_is_shown() -> None:
    assert shown(read_mix("bach:0.2")) == "bach"
    assert shown(read_mix("bach:7,joplin:3")) == "bach 70%, joplin 30%"


@pytest.fixture
def pair(tiny_bundle: Bundle, copied_models: Path) -> Path:
    """A folder with the known bundle, and one beside it that plays the same as two styles."""
    onnx = pytest.importorskip("onnx", reason="only making the bundle needs onnx")
    model = onnx.load_from_string(tiny_bundle.onnx)
    [style] = [value for value in model.graph.input if value.name == "style"]
    style.type.tensor_type.shape.dim[1].dim_value = 2
    graph = model.SerializeToString()
    card = tiny_bundle.card
    inputs, outputs = expected_tensors(card.network.layers, card.network.units, 2)
    cards = [
        StyleCard(name="slow", tempo_bpm=60.0, meter="3/4", pieces=1, notes=37),
        StyleCard(name="fast", tempo_bpm=160.0, meter="4/4", pieces=1, notes=37),
    ]
    changed = msgspec.structs.replace(
        card,
        name="pair",
        styles=cards,
        inputs=inputs,
        outputs=outputs,
        onnx_bytes=len(graph),
        onnx_sha256=hashlib.sha256(graph).hexdigest(),
    )
    write_bundle(changed, graph, copied_models)
    return copied_models


def test_styles_of_one_bundle_are_found_in_the_order_asked_for(pair: Path) -> None:
    found = find_styles(["fast", "slow"], [pair])
    assert [(style.card.name, style.index, style.path.name) for style in found] == [
        ("fast", 1, "pair.onnx.json"),
        ("slow", 0, "pair.onnx.json"),
    ]


def test_a_bundle_that_holds_them_all_goes_before_an_earlier_one_that_holds_some(pair: Path, tmp_path: Path) -> None:
    text = (pair / "tiny.onnx.json").read_text().replace('"name": "tiny"', '"name": "early"')
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    (earlier / "early.onnx.json").write_text(text.replace('"name": "scale"', '"name": "fast"'))
    shutil.copy(pair / "tiny.onnx", earlier / "early.onnx")
    dirs = [earlier, pair]
    assert find_styles(["fast"], dirs)[0].path.name == "early.onnx.json"
    assert {style.path.name for style in find_styles(["slow", "fast"], dirs)} == {"pair.onnx.json"}


def test_styles_of_two_bundles_do_not_mix(pair: Path) -> None:
    with pytest.raises(InputError, match=r"slow is in pair\.onnx\.json, scale is in tiny\.onnx\.json: only styles of"):
        find_styles(["slow", "scale"], [pair])


def test_an_unknown_style_in_a_mix(pair: Path) -> None:
    with pytest.raises(InputError, match=r"there is no style 'fsat'; there are: .*fast.*; did you mean fast\?"):
        find_styles(["slow", "fsat"], [pair])


@pytest.mark.parametrize(
    ("style", "weights", "expected"),
    [
        ("slow", (1.0, 0.0), ("slow", 60.0, Meter(3, 4))),
        ("fast", (0.0, 1.0), ("fast", 160.0, Meter(4, 4))),
        ("fast:0.3,slow:0.7", (0.7, 0.3), ("fast 30%, slow 70%", 90.0, Meter(3, 4))),
        ("fast,slow", (0.5, 0.5), ("fast 50%, slow 50%", 110.0, Meter(4, 4))),
    ],
)
def test_what_a_mix_is_played_with(
    pair: Path,
    music: Callable[..., MusicSettings],
    style: str,
    weights: tuple[float, ...],
    expected: tuple[str, float, Meter],
) -> None:
    prepared = load_composer(music(style=style, models_dirs=(pair,)))
    name, tempo_bpm, meter = expected
    assert prepared.controllable is not None
    assert prepared.controllable.parameters.style == pytest.approx(weights)
    assert prepared.tempo_bpm == pytest.approx(tempo_bpm)
    assert (prepared.meter, prepared.style) == (meter, name)
    asked = load_composer(music(style=style, models_dirs=(pair,), tempo_bpm=100.0, meter=Meter(6, 8)))
    assert (asked.tempo_bpm, asked.meter) == (100.0, Meter(6, 8))


def test_the_command(pair: Path, composer: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    written = composer(
        "write", "--style", "slow:0.7,fast:0.3", "-o", "mix.mid", "--notes", "8", "--models-dir", pair, "--seed", "1"
    )
    assert (written.returncode, written.stderr) == (0, "")
    assert (tmp_path / "mix.mid").exists()
    refused = composer("write", "--style", "slow,scale", "-o", "no.mid", "--notes", "8", "--models-dir", pair)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "only styles of one bundle can be mixed" in refused.stderr
