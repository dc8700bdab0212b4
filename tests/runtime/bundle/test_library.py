"""Where bundles are searched, and what a style name leads to."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from lstm_composer.runtime.bundle.files import Bundle, read_card, write_bundle
from lstm_composer.runtime.bundle.library import (
    ENVIRONMENT_VARIABLE,
    find_style,
    find_styles,
    list_bundles,
    model_dirs,
    styles,
)
from lstm_composer.runtime.bundle.schema import BundleCard, DataSource
from lstm_composer.runtime.errors import BundleError, InputError

Composer = Callable[..., subprocess.CompletedProcess[str]]
Put = Callable[[Path], object]


def _with_a_hole(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)


@pytest.fixture(autouse=True)
def nothing_of_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "own"))
    monkeypatch.chdir(tmp_path)


def test_folders_that_are_named_come_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, os.pathsep.join(["/second", "", "/third"]))
    dirs = model_dirs([Path("first")])
    assert dirs[:4] == [tmp_path / "first", Path("/second"), Path("/third"), tmp_path / "models"]
    assert all(path.is_absolute() for path in dirs)


def test_a_folder_that_is_named_twice_is_searched_once() -> None:
    assert model_dirs([Path("models"), Path("models")]).count(Path("models").absolute()) == 1


def test_a_bundle_in_any_of_them_is_found(tiny_models: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_models, tmp_path / "models")
    found = find_style("scale")
    assert (found.path, found.index, found.card.name) == (tmp_path / "models" / "tiny.onnx.json", 0, "scale")


def test_the_environment_names_more_folders(monkeypatch: pytest.MonkeyPatch, tiny_models: Path) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tiny_models))
    assert find_style("scale").path == tiny_models / "tiny.onnx.json"


def test_of_two_bundles_with_one_name_the_first_is_taken(tiny_models: Path, copied_models: Path) -> None:
    names = [bundle.path for bundle in list_bundles([copied_models, tiny_models]) if bundle.name == "tiny"]
    assert names == [copied_models / "tiny.onnx.json"]


def test_of_two_styles_with_one_name_the_first_is_taken(
    tiny_bundle: Bundle, tiny_models: Path, copied_models: Path
) -> None:
    shutil.copy(copied_models / "tiny.onnx", copied_models / "another.onnx")
    card = (copied_models / "tiny.onnx.json").read_text().replace('"name": "tiny"', '"name": "another"')
    (copied_models / "another.onnx.json").write_text(card)
    assert find_style("scale", [copied_models]).path.name == "another.onnx.json"
    assert find_style("scale", [tiny_models, copied_models]).path.name == "tiny.onnx.json"
    assert tiny_bundle.card.styles[0] == find_style("scale", [copied_models]).card


def test_an_unknown_style_gets_the_list_and_the_nearest(tiny_models: Path) -> None:
    with pytest.raises(InputError, match=r"there is no style 'scael'; there are: .*scale.*; did you mean scale\?"):
        find_style("scael", [tiny_models])


def test_a_style_in_a_bundle_that_cannot_be_read_is_told(copied_models: Path, tiny_models: Path) -> None:
    """A copy with a fault hides the whole bundle of its name that comes later."""
    card = copied_models / "tiny.onnx.json"
    card.write_text(card.read_text().replace('"schema_version": 1', '"schema_version": "one"'))
    with pytest.raises(InputError, match=r"there is no style 'scale'; .*bundle tiny\.onnx\.json has schema version"):
        find_style("scale", [copied_models, tiny_models])


def test_an_unknown_style_where_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("lstm_composer.runtime.bundle.library.model_dirs", lambda first: [tmp_path])
    with pytest.raises(InputError, match="there are: none: train one with lstm-composer train, or name a folder"):
        find_style("bach")


def test_a_broken_bundle_hides_no_other(copied_models: Path, tiny_models: Path) -> None:
    (copied_models / "broken.onnx.json").write_text("{")
    shelved = {bundle.name: bundle for bundle in list_bundles([copied_models])}
    assert shelved["broken"].card is None
    assert "bundle broken.onnx.json is not valid JSON" in shelved["broken"].problem
    assert "scale" in styles(list(shelved.values()))
    with pytest.raises(BundleError, match=r"bundle broken\.onnx\.json is not valid JSON"):
        find_style("broken", [copied_models])
    assert find_style("scale", [copied_models]).path.parent != tiny_models


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are POSIX")
def test_bad_cards_break_themselves_alone(copied_models: Path, composer: Composer) -> None:
    bad: dict[str, Put] = {
        "deep": lambda path: path.write_text("[" * 5000),
        "meter": lambda path: path.write_text(card_with(copied_models, meter="9" * 5000 + "/4")),
        "pipe": os.mkfifo,
        "endless": lambda path: path.symlink_to("/dev/zero"),
        "dangling": lambda path: path.symlink_to("nowhere"),
        "circle": lambda path: path.symlink_to(path.name),
        "folder": Path.mkdir,
        "latin": lambda path: path.write_bytes(b'{"name": "caf\xe9"}'),
        "huge": _with_a_hole,
        "\x1b[31mred\n": lambda path: path.write_text("{"),
        os.fsdecode(b"byte\xe9"): lambda path: path.write_text("{"),
    }
    for name, put in bad.items():
        put(copied_models / f"{name}.onnx.json")
    shelved = {bundle.name: bundle for bundle in list_bundles([copied_models])}
    assert [name for name in bad if shelved[name].card is None and shelved[name].problem] == list(bad)
    assert find_style("scale", [copied_models]).path.parent == copied_models
    listed = composer("styles", "--models-dir", copied_models)
    assert listed.returncode == 0
    assert listed.stdout.count("broken: ") == len(bad)
    assert "\x1b" not in listed.stdout
    assert r"\x1b[31mred\n" in listed.stdout
    flags = ["--style", "scale", "--models-dir", copied_models, "--bars", "1", "-o", "x.mid"]
    assert composer("write", *flags).returncode == 0


def card_with(folder: Path, **changes: object) -> str:
    """The known card, its style changed."""
    card = json.loads((folder / "tiny.onnx.json").read_text(encoding="utf-8"))
    card["styles"][0] |= changes
    return json.dumps(card)


def test_a_style_that_its_bundle_is_named_after_is_found_without_reading_all_others(
    three_styles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(500):
        (three_styles / f"other{number}.onnx.json").write_text("{")
    read: list[str] = []

    def reading(path: Path) -> BundleCard:
        read.append(path.name)
        return read_card(path)

    monkeypatch.setattr("lstm_composer.runtime.bundle.library.read_card", reading)
    assert find_style("qanun", [three_styles]).path.name == "qanun.onnx.json"
    assert read == ["qanun.onnx.json"]
    assert find_style("quiv", [three_styles]).path.name == "Quiver.onnx.json"


def test_folders_that_cannot_be_searched_are_told(
    tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "closed").mkdir()
    scan = os.scandir

    def scan_some(path: Path) -> object:
        if path.name == "closed":  # root may search every folder
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr("lstm_composer.runtime.bundle.library.os.scandir", scan_some)
    places = [tmp_path / "circle", tmp_path / "closed", tmp_path / "nowhere", tiny_models]
    monkeypatch.setenv("LSTM_COMPOSER_MODELS", os.pathsep.join(map(str, places)))
    shelved = list_bundles()
    problems = [bundle.problem for bundle in shelved if bundle.path.parent == tmp_path]
    assert len(problems) == 2
    assert all("cannot be searched for bundles" in problem for problem in problems)
    assert "scale" in styles(shelved)
    assert find_style("scale").path.parent == tiny_models


@pytest.mark.parametrize("name", ["nowhere", "file", "n" * 300])
def test_a_named_folder_must_be_one(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=f"--models-dir .*{name} is not a folder: name one that holds bundles"):
        list_bundles([tmp_path / name])


def test_a_bundle_that_write_bundle_wrote_is_on_the_shelf(tiny_bundle: Bundle, tmp_path: Path) -> None:
    write_bundle(tiny_bundle.card, tiny_bundle.onnx, tmp_path / "shelf")
    assert "tiny" in [bundle.name for bundle in list_bundles([tmp_path / "shelf"])]


def test_of_two_styles_with_one_name_that_of_the_bundle_named_after_it_is_taken(
    tiny_bundle: Bundle, tmp_path: Path
) -> None:
    """A bundle fine-tuned from another holds its styles too, and has forgotten some of them."""
    for folder, name in (("first", "alice"), ("second", "scale")):
        write_bundle(msgspec.structs.replace(tiny_bundle.card, name=name), tiny_bundle.onnx, tmp_path / folder)
    dirs = [tmp_path / "first", tmp_path / "second"]
    assert find_style("scale", dirs).path.name == "scale.onnx.json"
    assert styles(list_bundles(dirs))["scale"].path.name == "scale.onnx.json"
    assert find_style("scale", dirs[:1]).path.name == "alice.onnx.json"


@pytest.fixture
def three_styles(tiny_bundle: Bundle, tmp_path: Path) -> Path:
    """A folder with the styles Quiver, quirk and qanun, and nothing else on the shelf."""
    for name in ("Quiver", "quirk", "qanun"):
        style = msgspec.structs.replace(tiny_bundle.card.styles[0], name=name)
        card = msgspec.structs.replace(tiny_bundle.card, name=name, styles=[style])
        write_bundle(card, tiny_bundle.onnx, tmp_path / "three")
    return tmp_path / "three"


@pytest.mark.parametrize(
    ("name", "style"),
    [("quiv", "Quiver"), ("QUIR", "quirk"), ("qan", "qanun"), ("quiver", "Quiver")],
)
def test_the_beginning_of_a_name_will_do(three_styles: Path, name: str, style: str) -> None:
    assert find_style(name, [three_styles]).card.name == style


def test_a_name_in_full_is_no_beginning(three_styles: Path, tiny_bundle: Bundle) -> None:
    style = msgspec.structs.replace(tiny_bundle.card.styles[0], name="qan")
    write_bundle(msgspec.structs.replace(tiny_bundle.card, name="qan", styles=[style]), tiny_bundle.onnx, three_styles)
    assert find_style("qan", [three_styles]).card.name == "qan"


def test_a_beginning_of_several_names_them(three_styles: Path) -> None:
    with pytest.raises(InputError, match=r"--style 'qui' could be Quiver, quirk: write more of it"):
        find_style("qui", [three_styles])


def test_no_name_is_no_beginning(three_styles: Path) -> None:
    with pytest.raises(InputError, match="there is no style ''"):
        find_style("", [three_styles])


def test_a_style_is_named_once(three_styles: Path) -> None:
    with pytest.raises(InputError, match="--style names quirk twice: give each style one weight"):
        find_styles(["quir", "quirk"], [three_styles])


def test_a_style_knows_what_it_was_learned_from(tiny_bundle: Bundle, tmp_path: Path) -> None:
    sources = [
        DataSource(source="tunes", licence="CC0", attribution="", pieces=1, notes=9, styles=("scale",)),
        DataSource(source="hymns", licence="CC BY 4.0", attribution="", pieces=1, notes=9, styles=("hymns",)),
        DataSource(source="of old", licence="MIT", attribution="", pieces=1, notes=9),
    ]
    write_bundle(msgspec.structs.replace(tiny_bundle.card, data=sources), tiny_bundle.onnx, tmp_path / "shelf")
    found = find_style("scale", [tmp_path / "shelf"])
    assert [source.source for source in found.data] == ["tunes", "of old"]
    assert found.licences == ("CC0", "MIT")
