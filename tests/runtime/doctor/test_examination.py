"""`doctor`: what this machine has, and every bundle's state."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lstm_composer
from lstm_composer.runtime.bundle.library import list_bundles
from lstm_composer.runtime.doctor.examination import examine
from lstm_composer.runtime.doctor.wording import report
from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.ports import BackendStatus


@pytest.fixture(autouse=True)
def known_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two MIDI systems, two audio devices, and no bundles but those that are named."""
    statuses = [BackendStatus("alsa", ok=False, detail="no sequencer"), BackendStatus("none", ok=True, detail="always")]
    monkeypatch.setattr("lstm_composer.runtime.doctor.examination.available_backends", lambda: statuses)
    monkeypatch.setattr("lstm_composer.runtime.bundle.library.model_dirs", list)
    monkeypatch.setattr(
        "lstm_composer.runtime.sound.device.device_names", lambda: ["Speakers (ALSA)", "Headphones (ALSA)"]
    )
    monkeypatch.setattr("shutil.which", lambda _: None)


def test_findings_are_plain_values(tiny_models: Path) -> None:
    found: Any = examine([tiny_models]).as_data()
    assert json.loads(json.dumps(found)) == found
    assert found["version"] == lstm_composer.__version__
    assert found["midi"] == [
        {"backend": "alsa", "ok": False, "detail": "no sequencer"},
        {"backend": "none", "ok": True, "detail": "always"},
    ]
    assert found["audio"] == {"devices": ["Speakers (ALSA)", "Headphones (ALSA)"], "problem": "", "fluidsynth": None}
    assert "CPUExecutionProvider" in found["onnxruntime"]["providers"]
    assert isinstance(found["realtime_priority"]["permitted"], bool)
    assert found["bundles"] == [{"name": "tiny", "ok": True, "detail": "styles scale; 0.0 MB; checksum good"}]


def test_a_bundle_is_looked_into_down_to_its_checksum(copied_models: Path) -> None:
    (copied_models / "tiny.onnx").write_bytes(b"another")
    (copied_models / "broken.onnx.json").write_text("{")
    assert [bundle.problem == "" for bundle in list_bundles([copied_models])] == [
        False,
        True,
    ]  # the card alone is in order
    broken, tampered = examine([copied_models]).bundles
    assert (broken.ok, tampered.ok) == (False, False)
    assert "is not valid JSON" in broken.detail
    assert "checksum differs" in tampered.detail


def test_one_line_a_finding(copied_models: Path) -> None:
    (copied_models / "broken.onnx.json").write_text("{")
    lines = report(examine([copied_models])).splitlines()
    assert [line[:4] for line in lines] in (
        ["ok  ", "--  ", "ok  ", "ok  ", "ok  ", permitted, "ok  ", "--  ", "ok  "] for permitted in ("ok  ", "--  ")
    )
    assert lines[0].startswith(f"ok  LSTM Composer       {lstm_composer.__version__}, Python 3.")
    assert lines[1] == "--  MIDI alsa           no sequencer"
    assert lines[3] == "ok  audio               Speakers (ALSA), Headphones (ALSA); no fluidsynth"
    assert lines[6] == "ok  panel               lstm-composer panel opens a page in the browser"
    assert lines[-1] == "ok  bundle tiny         styles scale; 0.0 MB; checksum good"


def test_a_machine_without_the_extra_of_the_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "lstm_composer.runtime.doctor.panel_extra.find_spec", lambda name: None if name == "uvicorn" else name
    )
    found = examine().panel
    assert (found.ok, found.detail) == (False, 'uvicorn not installed: pip install "lstm-composer[panel]"')


def no_miniaudio() -> list[str]:
    raise MissingError("sound needs miniaudio")


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (list, "no device found: the piano is not heard here; no fluidsynth"),
        (no_miniaudio, "sound needs miniaudio; no fluidsynth"),
    ],
)
def test_a_machine_that_cannot_sound(
    names: Callable[[], list[str]], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_composer.runtime.sound.device.device_names", names)
    assert f"--  audio               {line}" in report(examine()).splitlines()


@pytest.mark.parametrize(("installed", "said"), [(("onnxruntime-gpu",), 0), (("onnxruntime", "onnxruntime-gpu"), 1)])
def test_both_packages_of_onnxruntime(monkeypatch: pytest.MonkeyPatch, installed: tuple[str, ...], said: int) -> None:
    monkeypatch.setattr(
        "lstm_composer.runtime.doctor.examination.distributions", lambda name: iter([name] if name in installed else [])
    )
    assert (
        report(examine([])).count("\n--                      onnxruntime and onnxruntime-gpu are both installed")
        == said
    )
