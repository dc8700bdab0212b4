"""What an export needs of a run besides its checkpoint, read before the work begins and before TensorFlow is loaded.

A file that is damaged, a style that is not there and a folder that cannot be written to are so told in a moment.
"""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from lstm_composer.runtime.bundle.files import CARD_SUFFIX, check_bundle_name
from lstm_composer.runtime.bundle.schema import DataSource, SamplingCard, StyleCard
from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.system.foreign_files import read_foreign_json
from lstm_composer.runtime.system.visible_text import visible
from lstm_composer.trainer.article.encoding import read_encoding
from lstm_composer.trainer.runs.newest_run import newest_run
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.runs.run_files import CorpusSummary
from lstm_composer.trainer.runs.settings import PRESETS, TrainingSettings
from lstm_composer.trainer.training.learned_from import data_of_run, styles_of_run

Storage = Literal["float16", "float32"]


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What to export, and how.

    Attributes:
        run: The run, None for the newest in runs/.
        epoch: The checkpoint, None for the best.
        output: Folder the bundle goes to.
        name: Name of bundle and style, None for the run's.
        weights: How they are stored; arithmetic is in 32 bits either way.
        data: JSON file with a list of sources (source, licence, attribution, pieces, notes), None to name the
            run's source alone. Those of the base that a run was fine-tuned from come before them in any case.
        licence: Of the bundle.
        sampling: JSON file with defaults (temperature, min_p) for the styles that want others than the rest, None if
            there are none.
        leave_out: Styles that are not to be in the bundle.

    """

    run: Path | None
    epoch: int | None
    output: Path
    name: str | None
    weights: Storage
    data: Path | None
    licence: str
    sampling: Path | None = None
    leave_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportedRun:
    """A run that has everything that a bundle is made of.

    Attributes:
        run: Its directory.
        trained: How it was trained.
        epoch: The checkpoint to export; it is there, and nothing more is known of it.
        name: Of the bundle.
        corpus: What it was trained on.
        data: Sources and licences.
        styles: Those of the bundle.
        kept: Their numbers among the styles of the network.

    """

    run: RunDirectory
    trained: TrainingSettings
    epoch: int
    name: str
    corpus: CorpusSummary
    data: list[DataSource]
    styles: list[StyleCard]
    kept: tuple[int, ...]


def read_exported_run(settings: ExportSettings) -> ExportedRun:
    """Read whatever of a run an export will need, but its checkpoint.

    Raises:
        InputError: If the run, the epoch or a style is not there, or a file cannot be understood.
        MissingError: If the bundle cannot be written where it is to go.

    """
    run = RunDirectory(settings.run) if settings.run else newest_run(Path("runs"))
    trained = run.read_settings()
    epoch = _epoch(run, settings.epoch)
    data = _data(settings, run, trained)
    corpus = run.read_corpus(trained)
    run.read_history()
    run.read_metrics()
    styles = _styles_of_bundle(settings, run, trained)
    kept = _style_indices_to_keep(styles_of_run(run, trained), settings.leave_out)
    if not PRESETS[trained.preset].is_judged:
        read_encoding(run, trained)
    name = settings.name or trained.name
    check_bundle_name(name)
    _check_output(settings.output, name)
    return ExportedRun(run, trained, epoch, name, corpus, data, styles, tuple(kept))


def _check_output(folder: Path, name: str) -> None:
    """Check that the files of a bundle can be put into a folder, which is made if it is not there."""
    there = next((path for path in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(path)), folder)
    if not there.is_dir():
        raise MissingError(f"{visible(str(there))} is no folder, and no bundle can be put there: give another -o")
    if not os.access(there, os.W_OK | os.X_OK):
        raise MissingError(f"{visible(str(there))} cannot be written to: give another -o")
    for path in (folder / f"{name}.onnx", folder / f"{name}{CARD_SUFFIX}"):
        if path.is_dir():
            raise MissingError(f"{visible(str(path))} is a folder: move it away, or give another --name")


def _epoch(run: RunDirectory, wanted: int | None) -> int:
    saved = run.saved_epochs()
    epoch = run.best_epoch() if wanted is None else wanted
    if epoch not in saved:
        listed = ", ".join(map(str, saved)) or "none yet"
        raise InputError(f"epoch {epoch} of {run.path} was not saved; saved are: {listed}")
    return epoch


def _styles_of_bundle(settings: ExportSettings, run: RunDirectory, trained: TrainingSettings) -> list[StyleCard]:
    """All styles that stay; the one that bears the run's name gets the bundle's.

    Raises:
        InputError: If another style is called so, or the defaults of styles cannot be read.

    """
    name = settings.name or trained.name
    styles = [style for style in styles_of_run(run, trained) if style.name not in settings.leave_out]
    others = [style.name for style in styles if style.name != trained.name]
    if len(others) < len(styles) and name in others:
        raise InputError(f"--name {name} is that of a style of the base: give the new one another")
    named = [msgspec.structs.replace(s, name=name) if s.name == trained.name else s for s in styles]
    return _with_sampling(named, settings.sampling)


def _with_sampling(styles: list[StyleCard], path: Path | None) -> list[StyleCard]:
    """Give the styles that a file names defaults of their own.

    Raises:
        InputError: If the file cannot be read, or names a style that is not there.

    """
    if path is None:
        return styles
    try:
        own = read_foreign_json(path, dict[str, SamplingCard])
    except InputError as error:
        shown = visible(str(path))
        raise InputError(f"--sampling {shown} holds no temperature and min_p by style (it {error})") from error
    unknown = sorted(set(own) - {style.name for style in styles})
    if unknown:
        raise InputError(f"--sampling {visible(str(path))} names {visible(unknown[0])}, which is no style of the run")
    return [msgspec.structs.replace(style, sampling=own.get(style.name, style.sampling)) for style in styles]


def _data(settings: ExportSettings, run: RunDirectory, trained: TrainingSettings) -> list[DataSource]:
    if settings.data is not None:
        try:
            own = read_foreign_json(settings.data, list[DataSource])
        except InputError as error:
            shown = visible(str(settings.data))
            raise InputError(f"--data {shown} is no list of sources: it {error}; see docs/bundles.md") from error
        return [*(trained.base.data if trained.base else ()), *own]
    return data_of_run(run, trained)


def _style_indices_to_keep(styles: Sequence[StyleCard], left_out: Collection[str]) -> list[int]:
    """Return the numbers of the styles that stay.

    Raises:
        InputError: If one to leave out is not there, or none would stay.

    """
    names = [style.name for style in styles]
    if unknown := sorted(set(left_out) - set(names)):
        raise InputError(f"--leave-out {unknown[0]} is no style of the run, which holds {', '.join(names)}")
    kept = [number for number, name in enumerate(names) if name not in left_out]
    if not kept:
        raise InputError("--leave-out names all styles of the run: one has to stay")
    return kept
