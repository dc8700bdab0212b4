"""What the runs of a sweep came to, side by side: sweep.json, sweep.md and the table in the terminal."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from rich.table import Table

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.foreign_files import read_foreign_json
from lstm_composer.trainer.runs.run_directory import RunDirectory, has_entry, write_run_file
from lstm_composer.trainer.runs.run_files import MOST_RUN_FILE_BYTES
from lstm_composer.trainer.runs.settings import PRESETS
from lstm_composer.trainer.sweep.job import Outcome, State
from lstm_composer.trainer.sweep.sweep_file import Flags, PlannedRun, Value
from lstm_composer.trainer.text.console import cell
from lstm_composer.trainer.text.markdown import plain

RESULTS = "sweep.json"
PAGE = "sweep.md"
_HEADINGS = ("run", "what differs", "epochs", "best", "nats a note, held out", "gates", "")


class RunResult(msgspec.Struct, frozen=True):
    """A run of a sweep.

    Attributes:
        name: Its name; its directory has it too, and its log.
        differs: The flags in which it differs from the others.
        flags: All its flags.
        state: Whether it is over.
        reason: Why it failed, if it did.
        epochs: Epochs trained.
        best_epoch: The one to take, None if nothing has been saved.
        held_out_nll: Nats a note at that epoch on the pieces held out (a token, of the article's presets), None if
            nothing is held out.
        training_nll: The same on those learned.
        judged: Checkpoints that the gates have judged.
        passed: Those that pass both.
        wins: Whether, of the runs on this music that have an epoch that passes, this has the lowest held-out NLL.

    """

    name: str
    differs: dict[str, Value]
    flags: dict[str, Value]
    state: State
    reason: str = ""
    epochs: int = 0
    best_epoch: int | None = None
    held_out_nll: float | None = None
    training_nll: float | None = None
    judged: int = 0
    passed: int = 0
    wins: bool = False

    @property
    def selection_nll(self) -> float | None:
        """Nats a note on the pieces held out, or on those learned where nothing is."""
        return self.training_nll if self.held_out_nll is None else self.held_out_nll


class Results(msgspec.Struct, frozen=True):
    """sweep.json."""

    runs: tuple[RunResult, ...]


def result_of(planned: PlannedRun, run: RunDirectory, outcome: Outcome) -> RunResult:
    """Gather what a run has left behind so far; one whose files are damaged has failed."""
    try:
        return _gathered(planned, run, outcome)
    except InputError as error:
        return RunResult(planned.name, planned.differs, planned.flags, "failed", reason=str(error))


def _gathered(planned: PlannedRun, run: RunDirectory, outcome: Outcome) -> RunResult:
    rows = run.read_history()
    judged = run.read_advice().checkpoints
    epoch = run.best_epoch() if rows and run.saved_epochs() else None
    best: Mapping[str, float] = next((row for row in rows if row["epoch"] == epoch), {})
    return RunResult(
        name=planned.name,
        differs=planned.differs,
        flags=planned.flags,
        state=outcome.state if rows or outcome.state == "failed" else "waiting",
        reason=outcome.reason,
        epochs=len(rows),
        best_epoch=epoch,
        held_out_nll=best.get("val_loss"),
        training_nll=best.get("loss"),
        judged=len(judged),
        passed=sum(checkpoint.loop.passed and checkpoint.copy.passed for checkpoint in judged),
    )


def with_winners(runs: Sequence[RunResult]) -> tuple[RunResult, ...]:
    """Mark the best run on each folder of music: figures on different music cannot be compared."""
    best: dict[Value, RunResult] = {}
    for run in runs:
        folder = run.flags["folder"]
        if run.passed and _figure(run) < (_figure(best[folder]) if folder in best else float("inf")):
            best[folder] = run
    winners = {run.name for run in best.values()}
    return tuple(msgspec.structs.replace(run, wins=run.name in winners) for run in runs)


def _figure(run: RunResult) -> float:
    return float("inf") if run.selection_nll is None else run.selection_nll


def read_results(directory: Path) -> dict[str, RunResult]:
    """What a sweep in this directory has come to, by name of the run; empty if none was begun.

    Raises:
        InputError: If its sweep.json cannot be understood.

    """
    path = directory / RESULTS
    if not has_entry(path):
        return {}
    try:
        runs = read_foreign_json(path, Results, MOST_RUN_FILE_BYTES).runs
    except InputError as error:
        raise InputError(f"{path} cannot be read (it {error}): give another --run-dir") from error
    for run in runs:
        is_ours = "folder" in run.flags and run.flags.get("preset", "stream") in PRESETS
        if not is_ours or not run.name.isprintable():
            raise InputError(f"{path} cannot be read (it holds no results of a sweep): give another --run-dir")
    return {run.name: run for run in runs}


def save_results(directory: Path, runs: Sequence[RunResult]) -> None:
    """Write sweep.json and sweep.md."""
    RunDirectory(directory).write_json(RESULTS, Results(tuple(runs)))
    text = page(directory.name, runs)
    write_run_file(directory / PAGE, lambda part: part.write_text(text, encoding="utf-8"))


def page(name: str, runs: Sequence[RunResult]) -> str:
    """Write the results as Markdown."""
    lines = [f"# {plain(name)}: the sweep", "", _line(_HEADINGS), "|" + "---|" * len(_HEADINGS)]
    lines += [_line(_cells(run)) for run in runs]
    if not any(run.wins for run in runs):
        lines += ["", "No run has an epoch that passes both gates yet."]
    return "\n".join(lines) + "\n"


def terminal_table(runs: Sequence[RunResult]) -> Table:
    """Lay the results out for the terminal."""
    table = Table(*_HEADINGS)
    for run in runs:
        table.add_row(*map(cell, _cells(run)), style="bold" if run.wins else None)
    return table


def differences(flags: Flags) -> str:
    """What differs, in words: `units 128, seed 1`."""
    return ", ".join(
        f"{flag} {str(value).lower() if isinstance(value, bool) else value}" for flag, value in flags.items()
    )


def _cells(run: RunResult) -> tuple[str, ...]:
    best = "" if run.best_epoch is None else str(run.best_epoch)
    gates = "not judged" if not run.judged else f"{run.passed} of {run.judged} epochs pass"
    if run.judged and not run.passed:
        gates = "no epoch passes"
    return run.name, differences(run.differs), str(run.epochs), best, _nats(run), gates, _remark(run)


def _nats(run: RunResult) -> str:
    if run.selection_nll is None:
        return ""
    unit = PRESETS[str(run.flags.get("preset", "stream"))].unit
    of_token = f" a {unit}" if unit == "token" else ""
    return f"{run.selection_nll:.3f}{of_token}" + (" (training)" if run.held_out_nll is None else "")


def _remark(run: RunResult) -> str:
    words = {"failed": f"failed: {run.reason}", "stopped": "stopped", "waiting": "not begun", "done": ""}[run.state]
    return ", ".join(word for word in ("best" if run.wins else "", words) if word)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(plain, cells)) + " |"
