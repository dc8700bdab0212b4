"""The files around the code agree with one another and with the code."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import lstm_composer
from lstm_composer.runtime.system.installation import COMMANDS_FOR_TRAINING
from lstm_composer.trainer.cli.train_extra import FIRST_PYTHON_WITHOUT_TENSORFLOW

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PIN_LINES = [
    line for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")
]
PINS = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in PIN_LINES)}
BASE = [Requirement(text) for text in PROJECT["dependencies"]]
SITE = [
    Requirement(line)
    for line in (ROOT / "recipes" / "docs_site" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
EXTRAS = [Requirement(text) for text in chain.from_iterable(PROJECT["optional-dependencies"].values())]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = (
    ("linux", "x86_64"),
    ("linux", "aarch64"),
    ("win32", "AMD64"),
    ("win32", "ARM64"),
    ("darwin", "arm64"),
    ("darwin", "x86_64"),
)
ENTRY_POINTS = {**PROJECT["scripts"], **PROJECT["entry-points"]["lstm_composer.commands"]}
TRAINING_ONLY = ("tensorflow", "keras", "music21", "matplotlib", "symusic", "onnx", "tf2onnx")

IMPORT_ALL_OF_RUNTIME = """
import importlib, pkgutil, sys
import lstm_composer.runtime
for module in pkgutil.walk_packages(lstm_composer.runtime.__path__, "lstm_composer.runtime."):
    if not module.name.endswith("__main__"):
        try:
            importlib.import_module(module.name)
        except OSError:
            pass  # JACK-Client is there and libjack is not
ours = ("lstm_composer.runtime", "lstm_composer.trainer", "lstm_composer.export")
print(*sorted(name for name in sys.modules if "." not in name or name in ours))
"""


def test_one_version() -> None:
    assert lstm_composer.__version__ == PROJECT["version"]
    assert f"## [{PROJECT['version']}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_pins_are_names_with_versions_and_no_addresses() -> None:
    assert [line for line in PIN_LINES if not re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.]*", line)] == []


def test_pins_are_sorted_and_no_name_comes_twice() -> None:
    assert sorted(PIN_LINES, key=str.casefold) == PIN_LINES
    assert len(PINS) == len(PIN_LINES)


@pytest.mark.parametrize("requirement", BASE + EXTRAS + SITE, ids=str)
def test_what_is_required_is_pinned_to_a_version_that_will_do(requirement: Requirement) -> None:
    assert requirement.specifier.contains(PINS[canonicalize_name(requirement.name)])


def required(extra: str, python: str = "3.11", system: str = "linux", machine: str = "x86_64") -> set[str]:
    """Names of what is installed for an extra, or ("") for no extra, on some machine."""
    machine_is = {"python_version": python, "sys_platform": system, "platform_machine": machine}
    texts = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    requirements = [Requirement(text) for text in texts]
    return {one.name for one in requirements if one.marker is None or one.marker.evaluate(machine_is)}


def test_the_pythons_are_named_where_pip_and_people_look() -> None:
    named = [text.rpartition(" ")[2] for text in PROJECT["classifiers"] if text.startswith("Programming Language")]
    assert tuple(named) == PYTHONS
    assert [python for python in ("3.10", *PYTHONS) if python in SpecifierSet(PROJECT["requires-python"])] == [*PYTHONS]


@pytest.mark.parametrize("platform", PLATFORMS, ids=" ".join)
@pytest.mark.parametrize(
    ("python", "package"),
    [("3.11", "python-rtmidi"), ("3.12", "python-rtmidi"), ("3.13", "supriya-midi"), ("3.14", "supriya-midi")],
)
def test_each_python_has_one_midi_library(python: str, package: str, platform: tuple[str, str]) -> None:
    assert required("", python, *platform) & {"python-rtmidi", "supriya-midi"} == {package}


@pytest.mark.parametrize("python", PYTHONS)
def test_training_waits_for_tensorflow_where_it_has_no_version(python: str) -> None:
    has_tensorflow = tuple(map(int, python.split("."))) < FIRST_PYTHON_WITHOUT_TENSORFLOW
    assert ("tensorflow" in required("train", python)) == has_tensorflow
    assert ("tf2onnx" in required("train", python)) == has_tensorflow
    assert ("tensorflow" in required("gpu", python)) == has_tensorflow
    assert {"music21", "onnx"} <= required("train", python)


@pytest.mark.parametrize(
    ("system", "machine", "packages"),
    [
        ("linux", "x86_64", {"JACK-Client", "miniaudio"}),
        ("linux", "aarch64", {"JACK-Client"}),
        ("win32", "AMD64", {"miniaudio"}),
        ("win32", "ARM64", set()),
        ("darwin", "arm64", {"miniaudio"}),
        ("darwin", "x86_64", {"miniaudio"}),
    ],
)
def test_each_platform_has_the_sound_that_it_has_wheels_for(system: str, machine: str, packages: set[str]) -> None:
    assert required("", "3.13", system, machine) & {"JACK-Client", "miniaudio"} == packages


@pytest.mark.parametrize(
    ("system", "machine", "package"),
    [
        ("linux", "x86_64", "onnxruntime-gpu"),
        ("win32", "AMD64", "onnxruntime-gpu"),
        ("linux", "aarch64", "onnxruntime"),
        ("win32", "ARM64", "onnxruntime"),
        ("darwin", "arm64", "onnxruntime"),
        ("darwin", "x86_64", "onnxruntime"),
    ],
)
def test_each_platform_has_one_onnxruntime(system: str, machine: str, package: str) -> None:
    assert {name for name in required("", "3.13", system, machine) if name.startswith("onnxruntime")} == {package}


def test_both_builds_of_onnxruntime_are_of_one_version() -> None:
    assert PINS[canonicalize_name("onnxruntime")] == PINS[canonicalize_name("onnxruntime-gpu")]


@pytest.mark.parametrize(("name", "target"), ENTRY_POINTS.items(), ids=str)
def test_entry_points_lead_to_functions(name: str, target: str) -> None:
    assert callable(EntryPoint(name, target, "console_scripts").load())


def test_the_app_knows_which_commands_it_lacks() -> None:
    assert set(COMMANDS_FOR_TRAINING) == set(PROJECT["entry-points"]["lstm_composer.commands"])


def test_playing_loads_nothing_that_only_training_needs() -> None:
    command = [sys.executable, "-c", IMPORT_ALL_OF_RUNTIME]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    loaded = set(result.stdout.split())
    assert "lstm_composer.runtime" in loaded
    assert not loaded & {*TRAINING_ONLY, "lstm_composer.trainer", "lstm_composer.export"}
