"""LSTM Composer: learn a style of music, and play it in time.

    from lstm_composer import Composer

    composer = Composer.load("bach")                   # a style, a mix of styles, or the path of a bundle
    for note in composer.notes(seed=1): ...            # endless
    composer.write("out.mid", bars=16, seed=1, temperature=0.8)

`lstm_composer.runtime.composer` says what may be asked for. For one step of the network at a time there are
`load_bundle`, `Engine` and `GraphInputs`. docs/api.md shows both. `lstm_composer.runtime` plays,
`lstm_composer.trainer` learns, `lstm_composer.export` makes a bundle of it.

Names are loaded when they are first used, so that importing the package costs nothing.
"""

TYPE_CHECKING = False  # typing's, without loading it: until the program has begun, Ctrl-C is a traceback
if TYPE_CHECKING:
    from typing import Any

    from lstm_composer.runtime.bundle.files import load_bundle
    from lstm_composer.runtime.composer import Composer
    from lstm_composer.runtime.errors import BundleError, ComposerError, InputError, MissingError
    from lstm_composer.runtime.graph.engine import Engine
    from lstm_composer.runtime.graph.inputs import GraphInputs
    from lstm_composer.runtime.music.notes import Meter, Note

__version__ = "0.2.0"
__all__ = [
    "BundleError",
    "Composer",
    "ComposerError",
    "Engine",
    "GraphInputs",
    "InputError",
    "Meter",
    "MissingError",
    "Note",
    "load_bundle",
]

_HOMES = {
    "BundleError": "lstm_composer.runtime.errors",
    "Composer": "lstm_composer.runtime.composer",
    "ComposerError": "lstm_composer.runtime.errors",
    "Engine": "lstm_composer.runtime.graph.engine",
    "GraphInputs": "lstm_composer.runtime.graph.inputs",
    "InputError": "lstm_composer.runtime.errors",
    "Meter": "lstm_composer.runtime.music.notes",
    "MissingError": "lstm_composer.runtime.errors",
    "Note": "lstm_composer.runtime.music.notes",
    "load_bundle": "lstm_composer.runtime.bundle.files",
}


def __getattr__(name: str) -> "Any":
    if name not in _HOMES:
        raise AttributeError(f"module 'lstm_composer' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - see above

    return getattr(import_module(_HOMES[name]), name)
