"""A training in words and figures, from its files."""

from pathlib import Path
from typing import Final

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.panel.training.bundles import exported_epoch
from lstm_composer.runtime.panel.training.processes import Job, last_words
from lstm_composer.runtime.panel.training.requests import Details, Overview, Phase, Saved, Settings
from lstm_composer.runtime.panel.training.run_files import (
    LeftOut,
    Look,
    Progress,
    RunFiles,
    RunState,
    read_run,
    read_state,
)
from lstm_composer.runtime.panel.training.uploads import music_files
from lstm_composer.runtime.system.foreign_files import MEBIBYTE, read_foreign_json

_MOST_LOOK_BYTES: Final = 16 * MEBIBYTE
_INTERRUPTED: Final = "ended by something from outside, such as a restart: Resume goes on from the last saved epoch"


def overview(name: str, folder: Path, settings: Settings, job: Job | None) -> Overview:
    """Return a training for the list."""
    phase = _phase(folder, read_state(folder / "run"), job)
    return Overview(id=name, made=settings.made, name=settings.name, phase=phase, is_at_work=job is not None)


def describe(name: str, folder: Path, settings: Settings, job: Job | None) -> Details:
    """Return all that is known of a training.

    Args:
        name: Its own, by which it is asked for.
        folder: Its folder.
        settings: What was asked for.
        job: What is at work.

    """
    run = read_run(folder / "run")
    phase = _phase(folder, run.state, job)
    look, trouble = _look(folder, job)
    is_told = phase not in ("music", "looking", "loading", "exporting") and not (job and job.kind == "advise")
    progress = run.state.progress if is_told else None
    advice = run.advice
    return Details(
        id=name,
        made=settings.made,
        name=settings.name,
        phase=phase,
        is_at_work=job is not None,
        from_base=settings.from_base,
        minutes=settings.minutes,
        line=_line(folder, phase, progress) or (trouble if phase == "music" else ""),
        done=progress.done if progress else 0.0,
        total=progress.total if progress else 0.0,
        seconds=progress.seconds if progress else 0.0,
        files=music_files(folder / "music"),
        pieces=look.pieces if look else None,
        left_out=_left_out(look, run),
        epochs=run.epochs,
        saved=_saved(run),
        chosen=(advice.epoch if advice else None) or _least_surprised(run),
        advice=advice.sentence if advice else "",
        can_resume=run.state.is_there and job is None and phase != "done",
        exported=exported_epoch(settings.name) if run.state.is_there else None,
        problems=run.problems,
    )


def _phase(folder: Path, run: RunState, job: Job | None) -> Phase:
    state = run.progress.state if run.progress else None
    if job is not None:
        if job.kind == "look":
            return "looking"
        if job.kind == "export":
            return "exporting"
        if job.kind == "advise":
            return "judging"
        return state if state in ("reading", "training", "judging") else "loading"
    if run.is_there:
        return state if state in ("done", "stopped", "failed") else "interrupted"
    # It has not come to a run: what is wrong is the last that the command said. One that was stopped said nothing.
    return "failed" if last_words(folder / "train.log") else "music"


def _line(folder: Path, phase: Phase, progress: Progress | None) -> str:
    told = progress.line if progress else ""
    if phase == "interrupted":
        return last_words(folder / "train.log") or _INTERRUPTED
    if phase == "failed":
        return last_words(folder / "train.log") or told
    if phase in ("done", "stopped"):
        return last_words(folder / "export.log") or last_words(folder / "advise.log") or told
    return told if phase in ("reading", "training", "judging") else ""


def _look(folder: Path, job: Job | None) -> tuple[Look | None, str]:
    """What was found in the music, if it has been looked at, and what is wrong with it."""
    path = folder / "look.json"
    if (job is not None and job.kind == "look") or not path.is_file():
        return None, ""
    trouble = last_words(folder / "look.log")
    try:
        return read_foreign_json(path, Look, _MOST_LOOK_BYTES), trouble
    except InputError:
        return None, trouble


def _left_out(look: Look | None, run: RunFiles) -> list[LeftOut]:
    """What the training itself has left out, or before it what was found to be of no use."""
    if run.learned is not None:
        return [LeftOut(name, reason) for name, reason in run.learned.refused.items()]
    return look.left_out if look else []


def _saved(run: RunFiles) -> list[Saved]:
    judged = {one.epoch: one for one in run.advice.checkpoints} if run.advice else {}
    known = {row.epoch for row in run.epochs}
    return [
        Saved(
            epoch=epoch,
            is_heard=epoch in run.heard,
            loops=not judged[epoch].loop.passed if epoch in judged else None,
            copies=not judged[epoch].copy.passed if epoch in judged else None,
        )
        for epoch in run.saved
        if epoch in known
    ]


def _least_surprised(run: RunFiles) -> int | None:
    """The saved epoch that `export --epoch best` takes where no advice is given."""
    rows = [row for row in run.epochs if row.epoch in run.saved]
    held_out = [row for row in rows if row.held_out is not None]
    if held_out:
        return min(held_out, key=lambda row: row.held_out or 0.0).epoch
    return min(rows, key=lambda row: row.loss).epoch if rows else None
