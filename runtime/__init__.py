"""The runtime of LSTM Composer: everything that plays.

    from runtime import Composer

    composer = Composer.load("bach")                   # a style, a mix of styles, or the path of a bundle
    for note in composer.notes(seed=1): ...            # endless
    composer.write("out.mid", bars=16, seed=1, temperature=0.8)

`runtime.composer` says what may be asked for. For one step of the network at a time there are `load_bundle`, `Engine`
and `GraphInputs`. docs/api.md shows both.

Names are loaded when they are first used, so that importing the package costs nothing.
"""

TYPE_CHECKING = False  # typing's, without loading it: until the program has begun, Ctrl-C is a traceback
if TYPE_CHECKING:
    from typing import Any

    from runtime.bundle.files import load_bundle
    from runtime.composer import Composer
    from runtime.errors import BundleError, ComposerError, InputError, MissingError
    from runtime.graph.engine import Engine
    from runtime.graph.inputs import GraphInputs
    from runtime.music.notes import Meter, Note

__version__ = "0.1.0"
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
    "BundleError": "runtime.errors",
    "Composer": "runtime.composer",
    "ComposerError": "runtime.errors",
    "Engine": "runtime.graph.engine",
    "GraphInputs": "runtime.graph.inputs",
    "InputError": "runtime.errors",
    "Meter": "runtime.music.notes",
    "MissingError": "runtime.errors",
    "Note": "runtime.music.notes",
    "load_bundle": "runtime.bundle.files",
}


def __getattr__(name: str) -> "Any":
    if name not in _HOMES:
        raise AttributeError(f"module 'runtime' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - see above

    return getattr(import_module(_HOMES[name]), name)
