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
from packaging.utils import canonicalize_name

import runtime

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PIN_LINES = [
    line for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if not line.startswith("#")
]
PINS = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in PIN_LINES)}
BASE = [Requirement(text) for text in PROJECT["dependencies"]]
EXTRAS = [Requirement(text) for text in chain.from_iterable(PROJECT["optional-dependencies"].values())]
ENTRY_POINTS = {**PROJECT["scripts"], **PROJECT["entry-points"]["lstm_composer.commands"]}
TRAINING_ONLY = ("tensorflow", "keras", "music21", "matplotlib", "symusic", "onnx", "tf2onnx", "trainer", "export")

IMPORT_ALL_OF_RUNTIME = """
import importlib, pkgutil, sys
import runtime
for module in pkgutil.walk_packages(runtime.__path__, "runtime."):
    if not module.name.endswith("__main__"):
        try:
            importlib.import_module(module.name)
        except OSError:
            pass  # JACK-Client is there and libjack is not
print(*sorted(name for name in sys.modules if "." not in name))
"""


def test_one_version() -> None:
    assert runtime.__version__ == PROJECT["version"]
    assert f"## [{PROJECT['version']}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_pins_are_names_with_versions_and_no_addresses() -> None:
    assert [line for line in PIN_LINES if not re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.]*", line)] == []


def test_pins_are_sorted_and_no_name_comes_twice() -> None:
    assert sorted(PIN_LINES, key=str.casefold) == PIN_LINES
    assert len(PINS) == len(PIN_LINES)


@pytest.mark.parametrize("requirement", BASE + EXTRAS, ids=str)
def test_what_is_required_is_pinned_to_a_version_that_will_do(requirement: Requirement) -> None:
    assert requirement.specifier.contains(PINS[canonicalize_name(requirement.name)])


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
    platform = {"sys_platform": system, "platform_machine": machine}
    wanted = [r.name for r in BASE if r.name.startswith("onnxruntime") and r.marker and r.marker.evaluate(platform)]
    assert wanted == [package]


def test_both_builds_of_onnxruntime_are_of_one_version() -> None:
    assert PINS[canonicalize_name("onnxruntime")] == PINS[canonicalize_name("onnxruntime-gpu")]


@pytest.mark.parametrize(("name", "target"), ENTRY_POINTS.items(), ids=str)
def test_entry_points_lead_to_functions(name: str, target: str) -> None:
    assert callable(EntryPoint(name, target, "console_scripts").load())


def test_playing_loads_nothing_that_only_training_needs() -> None:
    command = [sys.executable, "-c", IMPORT_ALL_OF_RUNTIME]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    loaded = set(result.stdout.split())
    assert "runtime" in loaded
    assert not loaded & set(TRAINING_ONLY)
