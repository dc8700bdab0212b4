"""The runtime of LSTM Composer: everything that plays.

    from runtime import Engine, Meter, Note, improvise, load_bundle

Names are loaded when they are first used, so that importing the package costs nothing.
"""

TYPE_CHECKING = False  # typing's, without loading it: until the program has begun, Ctrl-C is a traceback
if TYPE_CHECKING:
    from typing import Any

    from runtime.bundle.files import load_bundle
    from runtime.generation.voice import note_stream
    from runtime.graph.engine import Engine
    from runtime.music.notes import Meter, Note

__version__ = "0.1.0"
__all__ = ["Engine", "Meter", "Note", "load_bundle", "note_stream"]

_HOMES = {
    "Engine": "runtime.graph.engine",
    "Meter": "runtime.music.notes",
    "Note": "runtime.music.notes",
    "improvise": "runtime.generation.voice",
    "load_bundle": "runtime.bundle.files",
}


def __getattr__(name: str) -> "Any":
    if name not in _HOMES:
        raise AttributeError(f"module 'runtime' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - see above

    return getattr(import_module(_HOMES[name]), name)
