"""What programs read: the fields of `--json` and of `--events`, and the cards of the bundles."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.golden.driving import BUNDLES, DATA, card_again, run
from tests.golden.stored import check, differences, shape

PATIENCE_SECONDS: Final = 60.0
PLAY: Final = ("play", "--style", "scale", "--seed", "7", "--tempo", "400", "--device", "cpu", "--backend", "none")
Composer = Callable[..., "subprocess.CompletedProcess[str]"]


def json_of(*arguments: str | Path) -> Any:
    outcome = run(*arguments)
    assert (outcome.code, outcome.err) == (0, "")
    return json.loads(outcome.out)


def test_styles(copied_models: Path) -> None:
    (copied_models / "broken.onnx.json").write_text("{")
    found = json_of("styles", "--json", "--models-dir", copied_models)
    ours = [row for row in found["styles"] if row["style"] == "scale"]
    text = [line for line in run("styles", "--models-dir", copied_models).out.splitlines() if line.startswith("scale ")]
    shown = json.loads(json.dumps([ours, text]).replace(str(copied_models), "FOLDER"))
    found["styles"] = [row for row in found["styles"] if row["style"] == "bach"]
    check("styles", {"fields": shape(found), "scale": shown[0], "scale as text": shown[1]})


def test_doctor() -> None:
    """The values are those of the machine, and so is what there may be none of."""
    found = json_of("doctor", "--json", "--lateness", "1")
    fields = shape({**found, "bundles": [row for row in found["bundles"] if row["name"] == "tiny"]})
    machine = {name: list(found[name]) for name in ("audio", "lateness")}
    check("doctor", {**fields, **machine})


def test_events(composer: Composer, tmp_path: Path) -> None:
    said = composer(*PLAY, "--bars", "1", "--events", "events.jsonl", "--clock-out", "--sync", "internal")
    assert said.returncode == 0, said.stderr
    found: dict[str, Any] = {}
    for line in (tmp_path / "events.jsonl").read_text().splitlines():
        event = json.loads(line)
        found.setdefault(event["kind"], shape(event))
    assert len(found) > 3
    check("events", dict(sorted(found.items())))


@pytest.mark.skipif(sys.platform == "win32", reason="a running play is looked at through a socket that Windows lacks")
def test_monitor(surrounding: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lstm_composer"]
    pipes: dict[str, Any] = {"cwd": tmp_path, "env": surrounding, "text": True, "stderr": subprocess.PIPE}
    with subprocess.Popen([*command, *PLAY, "--bars", "1000"], **pipes) as play:
        try:
            assert play.stderr is not None
            while "seed 7" not in (line := play.stderr.readline()):
                assert line, "play ended of itself"
            found = json.loads(_first_snapshot([*command, "monitor", "--json"], play, pipes))
        finally:
            play.terminate()
            play.communicate(timeout=PATIENCE_SECONDS)
    controls = {row["name"]: row["controllers"] for row in found["controls"]}
    for row in ("past", "sounding", "coming"):
        found[row] = "notes"  # which there are is a matter of time
    check("monitor", {"fields": shape(found), "controllers of each control": controls})


def _first_snapshot(command: list[str], play: "subprocess.Popen[str]", pipes: dict[str, Any]) -> str:
    """The first line of a monitor; it finds the play a moment after that has said what it plays."""
    while play.poll() is None:
        with subprocess.Popen(command, stdout=subprocess.PIPE, **pipes) as monitor:
            assert monitor.stdout is not None
            line = str(monitor.stdout.readline())
            monitor.terminate()
            monitor.communicate(timeout=PATIENCE_SECONDS)
        if line:
            return line
    pytest.fail("play ended before it could be looked at")


@pytest.mark.parametrize("bundle", BUNDLES)
def test_cards(bundle: str) -> None:
    """Of the bundles that ship, which may be trained anew, the fields alone: optional ones come and go with a style."""
    again = card_again(BUNDLES[bundle])
    assert not list(differences(json.loads(BUNDLES[bundle].read_text()), again))
    check(f"card_{bundle}", again if BUNDLES[bundle].is_relative_to(DATA) else shape(again))
