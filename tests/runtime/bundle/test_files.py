"""A bundle that checks out is loaded; every other is refused in one line that says why."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lstm_composer.runtime.bundle.encodings import encoding_card
from lstm_composer.runtime.bundle.files import Bundle, load_bundle, read_card, write_bundle
from lstm_composer.runtime.bundle.tensors import expected_tensors
from lstm_composer.runtime.errors import BundleError, ComposerError, InputError, MissingError
from lstm_composer.runtime.music.event_encoding import vocabulary
from tests.support.replacing import two_bundles

pytestmark = pytest.mark.usefixtures("_no_waiting")
CARD, GRAPH = "tiny.onnx.json", "tiny.onnx"
SCRIPT = Path(__file__).parents[2] / "support" / "make_tiny_bundle.py"
Spoil = Callable[[dict[str, Any]], None]


NO_CARDS = [
    *(b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"schema_version": 1}', b"\x80\x04N.", b"NaN", b"1e999"),
    *(b"[" * 5000 + b"]" * 5000, b'{"a":' * 5000, b'{"schema_version":' + b"9" * 5000 + b"}", b'"' + b"x" * (1 << 20)),
]


@pytest.fixture
def _no_waiting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle that does not check out is not waited for, but where the test is about that."""
    if "replaced" not in request.function.__name__:
        monkeypatch.setattr("lstm_composer.runtime.bundle.files.SETTLING_SECONDS", 0.0)


def spoilt(folder: Path, spoil: Spoil) -> Path:
    """Change the card in a folder, and return its path."""
    path = folder / CARD
    card = json.loads(path.read_text(encoding="utf-8"))
    spoil(card)
    path.write_text(json.dumps(card), encoding="utf-8")
    return path


def refusal(path: Path, kind: type[ComposerError] = BundleError) -> str:
    """The one line with which a bundle is refused."""
    with pytest.raises(kind) as caught:
        load_bundle(path)
    message = str(caught.value)
    assert message.startswith("bundle tiny")
    assert "\n" not in message
    return message


def test_the_known_bundle_checks_out(tiny_bundle: Bundle) -> None:
    card = tiny_bundle.card
    assert [style.name for style in card.styles] == ["scale"]
    assert hashlib.sha256(tiny_bundle.onnx).hexdigest() == card.onnx_sha256
    assert len(tiny_bundle.onnx) == card.onnx_bytes


def test_the_script_makes_the_bundle_that_is_committed(
    tiny_models: Path, tmp_path: Path, surrounding: dict[str, str]
) -> None:
    pytest.importorskip("onnx", reason="only making the bundle needs onnx")
    subprocess.run([sys.executable, SCRIPT, tmp_path / "made"], env=surrounding, check=True, timeout=60)
    for name in (CARD, GRAPH, f"memory/{CARD}", f"memory/{GRAPH}"):
        assert (tmp_path / "made" / name).read_bytes() == (tiny_models / name).read_bytes()


def test_a_bundle_is_two_files_that_read_back(tiny_bundle: Bundle, tmp_path: Path) -> None:
    path = write_bundle(tiny_bundle.card, tiny_bundle.onnx, tmp_path / "new folder")
    assert sorted(file.name for file in path.parent.iterdir()) == [GRAPH, CARD]
    assert load_bundle(path) == tiny_bundle


def test_the_card_says_what_class_numbers_mean() -> None:
    assert msgspec.to_builtins(encoding_card()) == vocabulary()


def test_every_state_that_goes_in_comes_out() -> None:
    inputs, outputs = expected_tensors(2, 320, 3)
    given = {card.name: (card.dtype, card.shape) for card in inputs}
    for name in ("event", "position", "h", "c", "remaining"):
        found = next(card for card in outputs if card.name == f"next_{name}")
        assert (found.dtype, found.shape) == given[name]
    assert given["h"] == ("float32", (2, "voices", 320))
    assert given["style"] == ("float32", ("voices", 3))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda card: card.update(tempi=[120]), "unknown field `tempi`"),
        (lambda card: card["styles"][0].update(colour="red"), "unknown field `colour`"),
        (lambda card: card.pop("licence"), "missing required field `licence`"),
        (lambda card: card.update(name=7), "Expected `str`, got `int`"),
        (lambda card: card.update(onnx_bytes="many"), "Expected `int`, got `str`"),
        (lambda card: card["sampling"].update(temperature=[1.0]), "length 4"),
        (lambda card: card["sampling"].update(min_p=1.5), "<= 1"),
        (lambda card: card["sampling"].update(temperature=[1.0, 1.0, 1.0, -1.0]), ">= 0"),
        (lambda card: card["styles"][0].update(tempo_bpm=0), ">= 4"),
        (lambda card: card["styles"][0].update(meter="4/3"), "meter 4/3 is not allowed"),
        (lambda card: card["inputs"][0].update(dtype="float64"), "Invalid enum value 'float64'"),
        (lambda card: card.update(schema_version=2), "has schema version 2; this program reads 1"),
        (lambda card: card.update(schema_version="1"), 'has schema version "1"; this program reads 1'),
        (lambda card: card.pop("schema_version"), "missing required field `schema_version`"),
        (lambda card: card.update(name="other"), "calls itself 'other'"),
        (lambda card: card.update(name="../tiny"), "calls itself '../tiny'"),
        (lambda card: card.update(name="folder/tiny"), "calls itself 'folder/tiny'"),
        (lambda card: card.update(styles=[]), "holds no style"),
        (lambda card: card["encoding"].update(velocity_bins=16), "has another vocabulary"),
        (lambda card: card["encoding"]["ladder"].pop(), "has another vocabulary"),
        (lambda card: card["encoding"]["meters"].append("7/4"), "has another vocabulary"),
        (lambda card: card["network"].update(units=5), "sizes of its tensors do not match"),
        (lambda card: card["styles"].append(card["styles"][0]), "names style scale twice"),
        (lambda card: card["styles"].append(card["styles"][0] | {"name": "two"}), "sizes of its tensors do not match"),
        (lambda card: card["inputs"].pop(), "sizes of its tensors do not match"),
        (lambda card: card["outputs"][0].update(shape=["voices", 5]), "sizes of its tensors do not match"),
        (lambda card: card.update(onnx_sha256="0" * 64), "its checksum differs"),
        (lambda card: card["network"].update(units=10**9), "<= 8192"),
        (lambda card: card["network"].update(units=2**70), "<= 8192"),
        (lambda card: card["network"].update(layers=-1), ">= 1"),
        (lambda card: card["styles"][0].update(pieces=2**70), "<= 1000000000000"),
        (lambda card: card["styles"][0].update(notes=-1), ">= 0"),
        (lambda card: card["styles"][0].update(tempo_bpm=2**70), "<= 1000"),
        (lambda card: card["styles"][0].update(name=""), "length >= 1"),
        (lambda card: card["styles"][0].update(name=" "), "whose name cannot be shown"),
        (lambda card: card["styles"][0].update(name="\x1b[31mred"), r"whose name cannot be shown (\x1b[31mred)"),
        (lambda card: card["styles"][0].update(name="a\r\nb"), r"whose name cannot be shown (a\r\nb)"),
        (lambda card: card["styles"][0].update(register=[80, 20]), "the lowest of its register comes first"),
        (lambda card: card["styles"][0].update(register=[20, 128]), "<= 127"),
        (lambda card: card["styles"][0].update(keys=[0.5] * 24), "the shares of its keys do not add up to 1"),
        (lambda card: card["styles"][0].update(keys=[1.0]), "length >= 24"),
        (lambda card: card["styles"][0].update(keys=[1.5, -0.5, *[0] * 22]), "<= 1"),
        (lambda card: card["styles"][0].update(dynamics="loud"), "loud"),
        (lambda card: card["sampling"].update(recall=[0, 0, 0, 0, 0, 0, 21]), "<= 20"),
        (lambda card: card["styles"][0].update(meter="4/0"), "meter 4/0 is not allowed"),
        (lambda card: card["styles"][0].update(meter="\u0663/4"), "is not allowed: write two numbers"),
        (lambda card: card["styles"][0].update(meter="1_0/4"), "meter '1_0/4' is not allowed"),
        (lambda card: card["styles"][0].update(meter="9" * 5000 + "/4"), "length <= 20"),
        (lambda card: card["encoding"].update(ticks_per_quarter=2**70), "has another vocabulary"),
        (lambda card: card["inputs"][0].update(shape=[2**70]), "at `$.inputs[0].shape[0]`"),
        (lambda card: card.update(styles=card["styles"] * 5000), "length <= 4096"),
        (lambda card: card.update(onnx_bytes=2**70), "<= 268435456"),
        (lambda card: card.update(onnx_bytes=0), ">= 1"),
        (lambda card: card.update(onnx_bytes=100), "tiny.onnx is too large"),
        (lambda card: card.update(onnx_bytes=10**8), "has 13235 bytes, its card says 100000000"),
        (lambda card: card.update(onnx_sha256="0" * 64 + "\n"), "at `$.onnx_sha256`"),
        (lambda card: card.update(metrics={"nll": float("nan")}), "is not valid JSON"),
        (lambda card: card["metrics"].update({"x" * 10**5: 1.0}), "length <= 10000"),
        (lambda card: card.update(licence="x" * 10**6), "length <= 10000"),
        (lambda card: card.update(schema_version=2**70), "this program reads 1"),
        (lambda card: card.update(schema_version="\x1b" * 9999), "this program reads 1"),
    ],
)
def test_a_card_that_is_wrong(copied_models: Path, spoil: Spoil, why: str) -> None:
    assert why in refusal(spoilt(copied_models, spoil))


@pytest.mark.parametrize("content", NO_CARDS)
def test_a_card_that_is_no_card(copied_models: Path, content: bytes) -> None:
    (copied_models / CARD).write_bytes(content)
    assert "export" in refusal(copied_models / CARD)


@pytest.mark.parametrize("position", [0, 1000, -1])
def test_a_graph_with_one_byte_changed(copied_models: Path, position: int) -> None:
    path = copied_models / GRAPH
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    assert "tiny.onnx is not the file that was exported (its checksum differs)" in refusal(copied_models / CARD)


def test_a_graph_that_was_cut_short(copied_models: Path) -> None:
    path = copied_models / GRAPH
    path.write_bytes(path.read_bytes()[:-1])
    assert "its checksum differs" in refusal(copied_models / CARD)


@pytest.mark.parametrize(("missing", "why"), [(CARD, "cannot be opened"), (GRAPH, "tiny.onnx cannot be opened")])
def test_a_missing_file(copied_models: Path, missing: str, why: str) -> None:
    (copied_models / missing).unlink()
    assert why in refusal(copied_models / CARD)


def test_a_folder_in_the_place_of_a_card(copied_models: Path) -> None:
    (copied_models / CARD).unlink()
    (copied_models / CARD).mkdir()
    assert "is a folder, not a file" in refusal(copied_models / CARD)


def _with_a_hole(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are POSIX")
@pytest.mark.parametrize("name", [CARD, GRAPH])
@pytest.mark.parametrize(
    ("put", "why"),
    [
        (os.mkfifo, "is a pipe, not a file"),
        (lambda path: path.symlink_to("/dev/zero"), "is a device, not a file"),
        (lambda path: path.symlink_to("nowhere"), "cannot be opened"),
        (lambda path: path.symlink_to(path.name), "cannot be opened"),
        (Path.mkdir, "is a folder, not a file"),
        (_with_a_hole, "is too large"),
    ],
)
def test_what_is_no_file(copied_models: Path, name: str, put: Callable[[Path], object], why: str) -> None:
    (copied_models / name).unlink()
    put(copied_models / name)
    assert f"{name} {why}" in refusal(copied_models / CARD)


def test_a_card_that_could_not_be_read_again_is_never_written(tiny_bundle: Bundle, tmp_path: Path) -> None:
    style = msgspec.structs.replace(tiny_bundle.card.styles[0], name="")
    card = msgspec.structs.replace(tiny_bundle.card, styles=[style])
    with pytest.raises(BundleError, match="length >= 1"):
        write_bundle(card, tiny_bundle.onnx, tmp_path / "models")
    assert list(tmp_path.iterdir()) == []


REPLACING = """
import sys
from pathlib import Path
from lstm_composer.runtime.bundle.files import load_bundle, write_bundle
from tests.support.replacing import two_bundles
bundles = two_bundles(load_bundle(Path(sys.argv[1])))
for number in range(200):
    write_bundle(*bundles[number % 2], Path(sys.argv[1]).parent)
"""


def test_while_a_bundle_is_replaced_a_reader_sees_the_old_one_or_the_new(
    copied_models: Path, surrounding: dict[str, str]
) -> None:
    path = copied_models / CARD
    kept = {bytes(onnx): card for card, onnx in two_bundles(load_bundle(path))}
    writer = subprocess.Popen([sys.executable, "-c", REPLACING, path], env=surrounding)
    loads = 0
    while writer.poll() is None or not loads:
        found = load_bundle(path)
        assert kept.get(found.onnx, found.card) == found.card
        loads += 1
    assert writer.returncode == 0
    assert load_bundle(path).onnx in kept


def test_a_bundle_that_is_half_replaced_is_waited_for(
    copied_models: Path, tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new graph is there, and the writer takes its time with the card."""
    (_, _), (card, onnx) = two_bundles(tiny_bundle)
    (copied_models / GRAPH).write_bytes(onnx)
    looks: list[None] = []

    def wait(_: float) -> None:
        looks.append(None)
        if len(looks) == 3:
            write_bundle(card, onnx, copied_models)

    monkeypatch.setattr("lstm_composer.runtime.bundle.files.time.sleep", wait)
    monkeypatch.setattr("lstm_composer.runtime.bundle.files.SETTLING_SECONDS", 600.0)
    assert load_bundle(copied_models / CARD).onnx == onnx
    assert len(looks) == 3


def test_a_card_alone_can_be_read_without_its_graph(copied_models: Path, tiny_bundle: Bundle) -> None:
    (copied_models / GRAPH).unlink()
    assert read_card(copied_models / CARD) == tiny_bundle.card


@pytest.mark.parametrize("name", ["", "../tiny", "folder/tiny", "folder\\tiny", ".tiny", "/tiny", "a\nb", "C:tiny"])
def test_a_name_that_leads_elsewhere_is_never_written(tiny_bundle: Bundle, tmp_path: Path, name: str) -> None:
    card = msgspec.structs.replace(tiny_bundle.card, name=name)
    with pytest.raises(InputError, match="cannot name a bundle: use letters, digits"):
        write_bundle(card, tiny_bundle.onnx, tmp_path / "models")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["bach", "Dvořák", "my style 2.1", "a+b_c-d"])
def test_names_that_are_allowed(tiny_bundle: Bundle, tmp_path: Path, name: str) -> None:
    card = msgspec.structs.replace(tiny_bundle.card, name=name)
    assert load_bundle(write_bundle(card, tiny_bundle.onnx, tmp_path)).card.name == name


def test_a_folder_that_cannot_be_made(tiny_bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MissingError, match="cannot be written"):
        write_bundle(tiny_bundle.card, tiny_bundle.onnx, tmp_path / "file")
