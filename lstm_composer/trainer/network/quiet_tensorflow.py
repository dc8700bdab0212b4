"""Loading TensorFlow without its start-up notes, which say nothing to a musician.

Its libraries write lines such as "oneDNN custom operations are on" to file descriptor 2 while they are loaded, before
they look at TF_CPP_MIN_LOG_LEVEL.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2


@contextmanager
def quiet_tensorflow() -> Iterator[None]:
    """Hold back what is written to stderr while TensorFlow is imported in the body, and keep it quiet afterwards.

    If the body fails, what was written is shown after all; but not if a module is missing, which is an error that
    the user can cure and that has a line of its own.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    sys.stderr.flush()
    kept = os.dup(_STDERR)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), _STDERR)
        tell = False
        try:
            yield
        except ModuleNotFoundError:
            raise
        except BaseException:
            tell = True
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, _STDERR)
            os.close(kept)
            if tell:
                held.seek(0)
                os.write(_STDERR, held.read())
