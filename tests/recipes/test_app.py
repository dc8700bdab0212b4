"""What the app is built of, and what its program does before it is `lstm-composer`."""

import os
import stat
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from recipes.app import program
from recipes.app.build import EXTRAS, HERE, requirements
from recipes.app.licences import gather

ROOT = Path(__file__).parents[2]
PINS = [
    Requirement(line)
    for path in (ROOT / "constraints.txt", HERE / "requirements.txt")
    for line in path.read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
ADDRESS = "the panel is at http://127.0.0.1:7348/open?token=x (Ctrl-C ends it)"


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program in the place of the app's own."""
    path = folder / "stand-in"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(path))


def test_the_app_has_all_that_the_panel_can_do_and_no_cuda() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {canonicalize_name(Requirement(one).name) for one in requirements()}
    expected = [*project["dependencies"], *(one for extra in EXTRAS for one in project["optional-dependencies"][extra])]
    wanted = {canonicalize_name(Requirement(one).name) for one in expected}
    assert names == wanted - {"onnxruntime-gpu"}


def test_everything_in_it_and_everything_that_builds_it_is_pinned_once() -> None:
    pinned = [canonicalize_name(one.name) for one in PINS]
    assert len(pinned) == len(set(pinned))
    assert {canonicalize_name(Requirement(one).name) for one in requirements()} < set(pinned)
    assert all(len(one.specifier) == 1 and next(iter(one.specifier)).operator == "==" for one in PINS)


def test_other_programs_get_the_environment_without_the_loader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("_PYI_ARCHIVE_FILE", "/app/lstm-composer")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/app/_internal:/opt/lib")
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/opt/lib")
    program.leave_no_trace_of_the_loader()
    assert os.environ["LD_LIBRARY_PATH"] == "/opt/lib"
    assert not [name for name in os.environ if name.startswith("_PYI_") or name.endswith("_ORIG")]
    monkeypatch.setenv("LD_LIBRARY_PATH", "/app/_internal")
    program.leave_no_trace_of_the_loader()
    assert "LD_LIBRARY_PATH" not in os.environ


@pytest.mark.parametrize(("given", "passed_on"), [([], ["panel"]), (["styles"], ["styles"])])
def test_without_arguments_it_opens_the_panel(
    monkeypatch: pytest.MonkeyPatch, given: list[str], passed_on: list[str]
) -> None:
    seen: list[str] = []

    def run() -> int:
        seen.extend(sys.argv[1:])
        return 0

    monkeypatch.setattr(sys, "argv", ["lstm-composer", *given])
    monkeypatch.setattr("lstm_composer.runtime.cli.start.main", run)
    assert program.main() == 0
    assert seen == passed_on


@pytest.mark.skipif(os.name != "posix", reason="the program in its place is a shell script")
def test_a_double_click_ends_when_the_panel_has_its_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    stand_in(tmp_path, monkeypatch, f'echo "$@" >{tmp_path}/words; echo "{ADDRESS}"; read -r _ <{tmp_path}/pipe')
    with program.start_in_background() as panel:
        assert program.wait_for_page(panel) == 0
        assert panel.poll() is None
        (tmp_path / "pipe").write_text("end\n", encoding="utf-8")
    assert (tmp_path / "words").read_text(encoding="utf-8") == "panel\n"
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(os.name != "posix", reason="the program in its place is a shell script")
@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo lstm-composer: the disk is full >&2; exit 2", "lstm-composer: the disk is full"),
        ("exit 2", "the panel has ended at once and said nothing"),
    ],
)
def test_a_double_click_tells_why_there_is_no_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, told: str
) -> None:
    said: list[str] = []
    monkeypatch.setattr(program, "show", said.append)
    stand_in(tmp_path, monkeypatch, script)
    with program.start_in_background() as panel:
        assert program.wait_for_page(panel) == 2
    assert said == [told]


def test_licences_are_those_of_packages_and_of_python(tmp_path: Path) -> None:
    found = gather(tmp_path / "licences", [])
    names = [path.name for path in found.iterdir()]
    assert any(name.startswith("Python-") for name in names)
    assert any(name.startswith("mido-") for name in names)
    assert not any(name.startswith(("pip-", "setuptools-")) for name in names)
    assert any("MIT" in path.read_text(encoding="utf-8") for path in found.glob("mido-*/**/LICENSE*"))
