import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.training import human_or_not
from benchmarks.training.human_or_not import main, means_of, print_all
from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.judging.classifier import Told
from lstm_composer.trainer.judging.features import GROUPS
from lstm_composer.trainer.judging.style import Judgement
from lstm_composer.trainer.judging.verdicts import Verdict
from lstm_composer.trainer.measures.measures import MEASURES

TOLD = Told(0.9, dict.fromkeys(GROUPS, 0.8), 0.5, 64, 64)
INSIDE, LOW = Verdict(0.4, 0.5, 0.2, 0.8, "inside"), Verdict(0.1, 0.5, 0.2, 0.8, "too low")
MEASURED = {name: LOW if name == "bars_return" else INSIDE for name in MEASURES}
FOUND = {
    "fiddle": Judgement(16, 40, MEASURED, {1: 0.2, 4: 0.5}, {1: 0.3, 4: 0.8, 8: 0.9}, TOLD),
    "tiny": Judgement(16, 3, MEASURED, {}, {1: 0.3}, None),
}


def test_means_are_over_the_styles_that_could_be_told():
    assert means_of(FOUND) == {"overall": 0.9, **dict.fromkeys(GROUPS, 0.8), "floor": 0.5}
    assert means_of({"tiny": FOUND["tiny"]}) == {}


def test_the_tables_show_what_is_outside(capsys: pytest.CaptureFixture[str]):
    print_all(FOUND)
    text = capsys.readouterr().out
    assert "| fiddle | 0.900 |" in text
    assert "| **mean** | 0.900 |" in text
    assert "| fiddle | 0.10 ↓; 0.50 (0.20-0.80) | 0.40; 0.50 (0.20-0.80) |" in text
    assert "| fiddle | 0.20; 0.30 | 0.50; 0.80 | ; 0.90 |" in text


def test_a_style_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch):
    nothing: Any = None
    monkeypatch.setattr(human_or_not, "by_style", lambda material: {"fiddle": None})
    with pytest.raises(InputError, match=r"--styles polka: there is no such style; there are fiddle"):
        human_or_not.judged(nothing, nothing, ["polka"], 16, 1)


def test_json_holds_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    class Loaded:
        title = "bundle base"

    monkeypatch.setattr(human_or_not, "candidate_of", lambda *_: Loaded)
    monkeypatch.setattr(human_or_not, "material_by_style", lambda *_: None)
    monkeypatch.setattr(human_or_not, "judged", lambda *_: FOUND)
    assert main(["base", "corpus", "--json", str(tmp_path / "found.json")]) == 0
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["judged"] == "bundle base"
    assert found["means"]["overall"] == 0.9
    assert found["styles"]["fiddle"]["measures"]["bars_return"]["verdict"] == "too low"
    assert found["styles"]["tiny"]["told"] is None
