from lstm_composer.trainer.judging.tables import SHOWN
from recipes.write_base_card import judged_part

VERDICT = {"played": 0.1, "human": 0.5, "low": 0.2, "high": 0.8, "verdict": "too low"}
INSIDE = {**VERDICT, "played": 0.5, "verdict": "inside"}


def test_what_is_judged_stands_beside_the_human_range():
    measures = {name: VERDICT if name == "bars_return" else INSIDE for name in SHOWN}
    told = {"overall": 0.875, "floor": 0.5}
    judged = {"style": "fiddle", "judged": {"measures": measures, "told": told}}
    short = {"style": "tiny", "judged": {"measures": measures, "told": None}}
    page = judged_part({"styles": [judged, short, {"style": "none", "judged": None}], "means": {"returns_inside": 1}})
    assert "| fiddle | 0.10 (0.20-0.80), too low | 0.50 (0.20-0.80) |" in page
    assert "| 0.88 | 0.50 |\n" in page
    assert page.rstrip().endswith("|  |  |")
    assert "1 of 2 styles" in page


def test_what_was_not_judged_has_no_part():
    assert judged_part({"styles": [{"style": "fiddle"}], "means": {}}) == ""
