"""The extra `train`: loading what is in it, and what is said where that cannot be had."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.system.installation import adding
from lstm_composer.runtime.system.process_exit import loading
from lstm_composer.trainer.network.quiet_tensorflow import quiet_tensorflow

FIRST_PYTHON_WITHOUT_TENSORFLOW: Final = (3, 14)


@contextmanager
def loaded_for(doing: str) -> Iterator[None]:
    """Load TensorFlow and the rest of the extra in the body, without its start-up notes.

    Args:
        doing: What it is needed for, such as "training".

    Raises:
        MissingError: If a part of it is missing, or TensorFlow is there and does not load.

    """
    try:
        # A signal that comes while TensorFlow loads could be answered with anything but an end.
        with loading(), quiet_tensorflow():
            yield
    except ModuleNotFoundError as error:
        check_tensorflow(doing)
        raise MissingError(f"{doing} needs {error.name}: {adding('train')}") from error
    except ImportError as error:
        reason = _why_tensorflow_does_not_load()
        if reason is None:
            raise
        raise MissingError(f"{doing} needs TensorFlow, which does not load ({reason}): reinstall it") from error


def check_tensorflow(doing: str) -> None:
    """Raise a MissingError if TensorFlow is not installed, which is found out without loading it."""
    if find_spec("tensorflow") is not None:
        return
    if sys.version_info >= FIRST_PYTHON_WITHOUT_TENSORFLOW:
        present, last = f"3.{sys.version_info[1]}", f"3.{FIRST_PYTHON_WITHOUT_TENSORFLOW[1] - 1}"
        raise MissingError(
            f"{doing} needs TensorFlow, which has no version for Python {present} yet: "
            f"use Python 3.11 to {last}, and there {adding('train')}"
        )
    raise MissingError(f"{doing} needs TensorFlow: {adding('train')}")


def _why_tensorflow_does_not_load() -> str | None:
    """The last line that it says, or None if it does load: then the error was not its."""
    try:
        import_module("tensorflow")
    except ImportError as error:
        return str(error).strip().rpartition("\n")[2]
    return None
