"""encoding.json of a run of the article's presets: what its tokens are."""

from typing import Final

from lstm_composer.runtime.bundle.encodings import TOKEN_ENCODINGS, ArticleEncoding, SkuldurEncoding
from lstm_composer.runtime.errors import BundleError, InputError
from lstm_composer.runtime.music.token_encoding import check_encoding
from lstm_composer.trainer.runs.run_directory import RunDirectory
from lstm_composer.trainer.runs.settings import TrainingSettings

MOST_TOKENS: Final = 100_000
MOST_WINDOW: Final = 10_000


def read_encoding(run: RunDirectory, settings: TrainingSettings) -> ArticleEncoding | SkuldurEncoding:
    """Read what the tokens of a run are.

    Raises:
        InputError: If encoding.json is not there, or cannot be understood.

    """
    name = "encoding.json"
    encoding = run.read_as(name, TOKEN_ENCODINGS[settings.preset])
    if encoding is None:
        raise InputError(f"{run.path} has no {name}: put back a copy of it, or train again")
    if len(encoding.vocabulary) > MOST_TOKENS or encoding.window > MOST_WINDOW:
        raise InputError(f"{run.path / name} has more tokens than music has: put back a copy of it")
    try:
        check_encoding(encoding, run.path.name)
    except BundleError as error:
        raise InputError(f"{run.path / name} cannot be read ({error}): put back a copy of it") from error
    return encoding
