"""Where bundles are searched, and what a style name leads to."""

import os
import shutil
from pathlib import Path

import msgspec
import pytest

from runtime.bundle import Bundle, DataSource, write_bundle
from runtime.errors import BundleError, InputError
from runtime.library import ENVIRONMENT_VARIABLE, find_style, find_styles, model_dirs, shelf, styles


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
    names = [bundle.path for bundle in shelf([copied_models, tiny_models]) if bundle.name == "tiny"]
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


def test_an_unknown_style_where_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("runtime.library.model_dirs", lambda first: [tmp_path])
    with pytest.raises(InputError, match="there are: none: train one with lstm-composer train, or name a folder"):
        find_style("bach")


def test_a_broken_bundle_hides_no_other(copied_models: Path, tiny_models: Path) -> None:
    (copied_models / "broken.onnx.json").write_text("{")
    shelved = {bundle.name: bundle for bundle in shelf([copied_models])}
    assert shelved["broken"].card is None
    assert "bundle broken.onnx.json cannot be understood" in shelved["broken"].problem
    assert "scale" in styles(list(shelved.values()))
    with pytest.raises(BundleError, match=r"bundle broken\.onnx\.json cannot be understood"):
        find_style("broken", [copied_models])
    assert find_style("scale", [copied_models]).path.parent != tiny_models


@pytest.mark.parametrize("name", ["nowhere", "file", "n" * 300])
def test_a_named_folder_must_be_one(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=f"--models-dir .*{name} is not a folder: name one that holds bundles"):
        shelf([tmp_path / name])


def test_a_bundle_that_write_bundle_wrote_is_on_the_shelf(tiny_bundle: Bundle, tmp_path: Path) -> None:
    write_bundle(tiny_bundle.card, tiny_bundle.onnx, tmp_path / "shelf")
    assert "tiny" in [bundle.name for bundle in shelf([tmp_path / "shelf"])]


def test_of_two_styles_with_one_name_that_of_the_bundle_named_after_it_is_taken(
    tiny_bundle: Bundle, tmp_path: Path
) -> None:
    """A bundle fine-tuned from another holds its styles too, and has forgotten some of them."""
    for folder, name in (("first", "alice"), ("second", "scale")):
        write_bundle(msgspec.structs.replace(tiny_bundle.card, name=name), tiny_bundle.onnx, tmp_path / folder)
    dirs = [tmp_path / "first", tmp_path / "second"]
    assert find_style("scale", dirs).path.name == "scale.onnx.json"
    assert styles(shelf(dirs))["scale"].path.name == "scale.onnx.json"
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
