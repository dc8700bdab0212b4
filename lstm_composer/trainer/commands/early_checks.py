"""What a training can be refused for before TensorFlow is loaded, which takes longer than to look."""

from pathlib import Path

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.visible_text import visible
from lstm_composer.trainer.corpus.corpus import check_source
from lstm_composer.trainer.runs.request import TrainingRequest
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.text.names import kept_source


def check_new(request: TrainingRequest, path: Path) -> None:
    """Check that a new run would harm no other, and that there are files to read.

    Raises:
        InputError: If a run is there already, or music21 has no such corpus.
        CorpusError: If there is no such source, or no music in it.

    """
    RunDirectory(path).check_unused()
    check_source(request.folder)


def check_resumed(request: TrainingRequest, path: Path) -> None:
    """Check that there is a run, that it was started with the same name and source, and that there are files to read.

    Raises:
        InputError: If one of the first is not so.
        CorpusError: If the source is gone.

    """
    run, source = RunDirectory(path), kept_source(request.folder)
    earlier = run.read_settings()
    if earlier.source != source or earlier.name != request.name:
        raise InputError(
            f"{run.shown} was trained as {earlier.name} on {visible(earlier.source)}, not as {request.name} on "
            f"{visible(source)}: give the same, or another --run-dir"
        )
    check_source(source)
