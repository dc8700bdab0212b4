"""Whether training is possible here: what is said where the extra `train` is missing."""

import sys
from importlib.util import find_spec
from typing import Final

from lstm_composer.runtime.system.installation import TRAINING_ELSEWHERE, adding, is_app

_NEEDED: Final = ("tensorflow", "keras", "h5py", "onnx", "tf2onnx", "music21", "sklearn", "matplotlib", "PIL")
_FIRST_PYTHON_WITHOUT_TENSORFLOW: Final = (3, 14)


def missing_for_training() -> str:
    """Say in a line what is missing and what to do; nothing where all is there. Nothing of it is loaded for that."""
    if is_app():
        return TRAINING_ELSEWHERE
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if not missing:
        return ""
    if "tensorflow" in missing and sys.version_info >= _FIRST_PYTHON_WITHOUT_TENSORFLOW:
        return (
            f"training needs TensorFlow, which has no version for Python 3.{sys.version_info[1]} yet: "
            f"use Python 3.11 to 3.13, and there {adding('train')}"
        )
    return f"training needs more than playing: {adding('train')}, then start the panel again"
