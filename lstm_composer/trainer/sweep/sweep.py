"""`lstm-composer train --sweep sweep.toml`: many trainings, independent of one another, side by side.

The sweep's directory holds a run directory and a log for each run, and sweep.json and sweep.md, which are up to date
whenever a run has ended. A sweep that is started again goes on: finished runs are skipped, begun ones resumed.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.system.visible_text import visible
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.sweep.job import Job, Outcome, log_of
from lstm_composer.trainer.sweep.ray_backend import run_jobs, workers
from lstm_composer.trainer.sweep.results import (
    RunResult,
    read_results,
    result_of,
    save_results,
    terminal_table,
    with_winners,
)
from lstm_composer.trainer.sweep.sweep_file import PlannedRun, Sweep, read_sweep
from lstm_composer.trainer.text.console import PlainConsole
from lstm_composer.trainer.training.interruption import Interruption

_MAY_CHANGE = frozenset({"epochs", "patience", "tensorboard", "threads"})
"""Flags that `--resume` takes anew; everything else stays as a run began."""


@dataclass(slots=True)
class _ResultsFile:
    """The results so far, on disk after every change.

    Attributes:
        directory: The sweep's.
        plans: The runs of the file, by name.
        results: Theirs, and those of runs that were in the file once.

    """

    directory: Path
    plans: Mapping[str, PlannedRun]
    results: dict[str, RunResult]

    def record(self, name: str, outcome: Outcome) -> RunResult:
        """Record the outcome of a run, and save the file."""
        self.results[name] = result_of(self.plans[name], RunDirectory(self.directory / name), outcome)
        self.save()
        return self.results[name]

    def save(self) -> None:
        """Write sweep.json and sweep.md."""
        save_results(self.directory, with_winners(list(self.results.values())))


def run_sweep(file: Path, directory: Path) -> int:
    """Do the runs of a sweep, or go on with it; returns the exit code.

    Args:
        file: sweep.toml.
        directory: Where the runs go.

    Raises:
        InputError: If the file or a run in it is wrong, or the directory holds another run of that name.
        MissingError: If Ray is missing, or all runs failed.

    """
    sweep = read_sweep(file)
    directory = directory.absolute()
    # Not the standard output of the moment: that is Ray's while it runs.
    console = PlainConsole(file=sys.stdout)
    plans = {run.name: run for run in sweep.runs}
    earlier = read_results(directory)
    for plan in sweep.runs:
        _check_same(plan, earlier.get(plan.name), RunDirectory(directory / plan.name))
    todo = [plan for plan in sweep.runs if not _is_over(plan, earlier.get(plan.name))]
    if todo:
        with workers():
            results_file = _open(directory, plans, earlier, todo)
            stopped = _work(sweep, todo, results_file, console)
    else:
        results_file, stopped = _open(directory, plans, earlier, todo), False
    return _conclude(results_file, console, stopped=stopped)


def _check_same(plan: PlannedRun, earlier: RunResult | None, run: RunDirectory) -> None:
    """A run that is resumed keeps the flags that it began with; who has changed them wants another run."""
    if not run.is_there:
        return
    if earlier is None:
        raise InputError(f"{run.path} holds a run that is not of this sweep: give another --run-dir")
    for flag in sorted((plan.flags.keys() | earlier.flags.keys()) - _MAY_CHANGE):
        before, now = earlier.flags.get(flag), plan.flags.get(flag)
        if before != now:
            raise InputError(
                f"run {plan.name!r} was begun with {flag} {_said(before)}, not {_said(now)}: give it another name, or "
                f"delete {run.path}"
            )


def _said(value: object) -> str:
    return "not given" if value is None else str(value)


def _is_over(plan: PlannedRun, earlier: RunResult | None) -> bool:
    return earlier is not None and earlier.state == "done" and earlier.flags == plan.flags


def _open(
    directory: Path, plans: Mapping[str, PlannedRun], earlier: Mapping[str, RunResult], todo: list[PlannedRun]
) -> _ResultsFile:
    """Write down what is going to be done, so that a sweep that is killed at once can be gone on with."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make {directory} ({error.strerror}): give another --run-dir") from error
    fresh = {plan.name: result_of(plan, RunDirectory(directory / plan.name), Outcome("stopped")) for plan in todo}
    gone = {name: result for name, result in earlier.items() if name not in plans}
    results_file = _ResultsFile(
        directory, plans, {**{name: fresh.get(name) or earlier[name] for name in plans}, **gone}
    )
    results_file.save()
    return results_file


def _work(sweep: Sweep, todo: list[PlannedRun], results_file: _ResultsFile, console: Console) -> bool:
    """Do the runs that are left; returns whether the user has interrupted them."""
    jobs = [Job(plan.name, results_file.directory / plan.name, plan.request, Path.cwd(), sweep.gpus) for plan in todo]
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[said]}", markup=False),
    )
    with (
        Progress(
            *columns, console=console, disable=not console.is_terminal, transient=True, redirect_stdout=False
        ) as progress,
        Interruption() as interruption,
    ):
        on_outcome, on_look = _watch(jobs, results_file, progress)
        run_jobs(jobs, on_outcome, on_look, lambda: interruption.asked)
    return interruption.asked


def _watch(
    jobs: list[Job], results_file: _ResultsFile, progress: Progress
) -> tuple[Callable[[Job, Outcome], None], Callable[[], None]]:
    """Show how far the runs are: a bar for all, and one for each that has begun."""
    whole = progress.add_task("runs", total=len(jobs), said=f"0 of {len(jobs)}")
    bars = {job.name: progress.add_task(visible(job.name), total=None, visible=False, said="") for job in jobs}
    ended: list[str] = []

    def on_outcome(job: Job, outcome: Outcome) -> None:
        result = results_file.record(job.name, outcome)
        ended.append(job.name)
        progress.update(bars[job.name], visible=False)
        progress.update(whole, completed=len(ended), said=f"{len(ended)} of {len(jobs)}")
        progress.console.print(_sentence(result))

    def on_look() -> None:
        for job in jobs if not progress.disable else ():
            if job.name not in ended:
                _show(progress, bars[job.name], RunDirectory(job.directory))

    return on_outcome, on_look


def _show(progress: Progress, bar: TaskID, run: RunDirectory) -> None:
    try:
        rows, total = run.read_history(), run.read_settings().epochs
    except InputError:  # what is wrong with it, its training will say
        return
    if rows:
        loss = rows[-1].get("val_loss", rows[-1]["loss"])
        said = f"epoch {len(rows)} of {total}, {loss:.3f} nats"
        progress.update(bar, completed=len(rows), total=total, visible=True, said=said)


def _sentence(result: RunResult) -> str:
    if result.state == "failed":
        return f"{result.name} failed: {result.reason}"
    if result.state == "waiting":
        return f"{result.name} was not begun"
    figure = "" if result.selection_nll is None else f", {result.selection_nll:.3f} nats at epoch {result.best_epoch}"
    return f"{result.name} {result.state} after epoch {result.epochs}{figure}"


def _conclude(results_file: _ResultsFile, console: Console, *, stopped: bool) -> int:
    """Show the table, and say what comes next."""
    results = with_winners(list(results_file.results.values()))
    console.print(terminal_table(results))
    for best in (result for result in results if result.wins):
        path = results_file.directory / best.name
        console.print(f"best on {best.flags['folder']}: {best.name}; next: composer-export --run {path} --epoch best")
    console.print(f"{results_file.directory / 'sweep.md'} keeps this table")
    if stopped:
        console.print("stopped; the same command goes on from there")
        return 0
    failed = [results_file.results[name] for name in results_file.plans if results_file.results[name].state == "failed"]
    if len(failed) == len(results_file.plans):
        log = log_of(results_file.directory / failed[0].name)
        raise MissingError(f"all {len(failed)} runs failed, {failed[0].name!r} so: {failed[0].reason}; see {log}")
    return 0
