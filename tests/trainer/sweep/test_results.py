from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.runs.request import TrainingRequest
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.runs.settings import TrainingSettings
from lstm_composer.trainer.sweep.job import Outcome, is_complete
from lstm_composer.trainer.sweep.results import RunResult, page, read_results, result_of, save_results, with_winners
from lstm_composer.trainer.sweep.sweep_file import PlannedRun

PLAN = PlannedRun(
    "small", {"units": 64}, {"folder": "bach", "units": 64}, TrainingRequest(folder="bach", name="x", units=64)
)


def result(name: str, nll: float, passed: int, folder: str = "bach") -> RunResult:
    flags = {"folder": folder}
    return RunResult(name, {"seed": 1}, flags, "done", "", 9, 8, nll, 2.0, judged=3, passed=passed)  # type: ignore[arg-type]


def winners(*runs: RunResult) -> list[str]:
    return [run.name for run in with_winners(runs) if run.wins]


def test_the_lowest_nll_among_those_that_pass_wins() -> None:
    assert winners(result("copies", 1.0, 0), result("good", 2.5, 1), result("worse", 2.6, 3)) == ["good"]


def test_runs_on_different_music_do_not_compete() -> None:
    assert winners(result("a", 2.0, 1), result("b", 3.0, 1, "folk"), result("c", 4.0, 1, "folk")) == ["a", "b"]


def test_none_wins_where_none_passes() -> None:
    runs = with_winners([result("a", 2.0, 0)])
    assert not runs[0].wins
    assert page("s", runs).endswith("\nNo run has an epoch that passes both gates yet.\n")


def test_the_page() -> None:
    lost = RunResult("lost", {"one-style": True, "seed": 2}, {"folder": "x"}, "failed", "no | music")
    article = msgspec.structs.replace(result("article", 4.0, 0), judged=0, flags={"folder": "x", "preset": "article"})
    learned = msgspec.structs.replace(result("few", 0.0, 2, "few"), held_out_nll=None)
    runs = with_winners([result("good", 2.5, 1), result("loops", 2.4, 0), article, learned, lost])
    assert page("s", runs).splitlines() == [
        "# s: the sweep",
        "",
        "| run | what differs | epochs | best | nats a note, held out | gates |  |",
        "|---|---|---|---|---|---|---|",
        "| good | seed 1 | 9 | 8 | 2.500 | 1 of 3 epochs pass | best |",
        "| loops | seed 1 | 9 | 8 | 2.400 | no epoch passes |  |",
        "| article | seed 1 | 9 | 8 | 4.000 a token | not judged |  |",
        "| few | seed 1 | 9 | 8 | 2.000 (training) | 2 of 3 epochs pass | best |",
        r"| lost | one-style true, seed 2 | 0 |  |  | not judged | failed: no \| music |",
    ]


def test_a_run_that_has_not_begun(tmp_path: Path) -> None:
    assert result_of(PLAN, RunDirectory(tmp_path), Outcome("stopped")).state == "waiting"
    assert result_of(PLAN, RunDirectory(tmp_path), Outcome("failed", "no music")).reason == "no music"


def test_what_a_run_has_left(tmp_path: Path, tiny_settings: TrainingSettings) -> None:
    run = RunDirectory(tmp_path)
    run.create()
    run.write_json("config.json", tiny_settings)
    run.write_history([{"epoch": n, "loss": 5.0 - n, "val_loss": 6.0 - n} for n in range(1, 4)])
    run.checkpoint(2).touch()
    gates = [{"loop": {"passed": True}, "copy": {"passed": passed}} for passed in (True, False)]
    run.write_json("advice.json", {"epoch": 2, "checkpoints": gates})
    found = result_of(PLAN, run, Outcome("stopped"))
    assert (found.state, found.epochs, found.best_epoch) == ("stopped", 3, 2)
    assert (found.held_out_nll, found.training_nll, found.judged, found.passed) == (4.0, 3.0, 2, 1)
    assert not is_complete(run)
    run.write_history([{"epoch": n, "loss": 5.0 - n} for n in range(1, tiny_settings.epochs + 1)])
    assert is_complete(run)


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    runs = with_winners(
        [result("a", 2.5, 1), result_of(replace(PLAN, name="b"), RunDirectory(tmp_path), Outcome("done"))]
    )
    assert read_results(tmp_path) == {}
    save_results(tmp_path, runs)
    assert list(read_results(tmp_path).values()) == list(runs)
    assert (tmp_path / "sweep.md").read_text() == page(tmp_path.name, runs)
    (tmp_path / "sweep.json").write_text("{")
    with pytest.raises(InputError, match=r"sweep\.json cannot be read"):
        read_results(tmp_path)
