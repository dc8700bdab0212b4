"""What the network of a run holds and has learned from, by the run's files alone: nothing here loads TensorFlow."""

from contextlib import suppress

from lstm_composer.runtime.bundle.schema import DataSource, StyleCard
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.runs.settings import TrainingSettings
from lstm_composer.trainer.text.names import shown_name, source_path


def styles_of_run(run: RunDirectory, settings: TrainingSettings) -> list[StyleCard]:
    """The styles that a run's network holds, in the order of their vectors.

    Raises:
        InputError: If corpus.json does not say, or cannot be read.

    """
    return run.read_corpus(settings).cards(settings.name)


def data_of_run(run: RunDirectory, settings: TrainingSettings) -> list[DataSource]:
    """What a run's network was trained on, its base's data included: the licences hold on.

    Raises:
        InputError: If corpus.json does not say, or cannot be read.

    """
    # The folder's own name, never its path: a bundle says nothing of the machine it was made on.
    source = settings.source
    if not source.startswith("music21:"):
        path = source_path(source)
        with suppress(OSError, RuntimeError, ValueError):  # links in a circle, a folder that went away
            path = path.resolve()
        source = shown_name(path.name)
    pieces, notes = run.read_corpus(settings).size
    own = DataSource(source=source, licence="not stated", attribution="", pieces=pieces, notes=notes)
    return [*(settings.base.data if settings.base else ()), own]
