"""What `pytest --quick` leaves out, by rule and nowhere else: `make check` runs it, `make test` runs everything.

- Files that need TensorFlow, read off their imports (`needs_tensorflow`).
- `FOLDERS`: tests that need JACK, a DAW or a browser.
- Tests with the mark `outside_program`: they start a program of others, fluidsynth or abc2midi.
- Tests with the mark `thorough`: they show in many cases, or in real time, what others show in a few.
- Of the examples that Hypothesis draws, all but a tenth.
"""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = frozenset(ROOT / "tests" / name for name in ("jack", "daw", "panel/browser"))
MARKS: Final = ("outside_program", "thorough")
HELP: Final = (
    "only what needs neither TensorFlow nor a program of others (JACK, Ardour, Chromium, fluidsynth, abc2midi), "
    "without the tests marked thorough, and with a tenth of the examples that Hypothesis draws"
)
_EXAMPLES: Final = {False: 100, True: 10}
"""How many are drawn where a test does not say, by whether it is a quick run."""
_FEWEST: Final = 5


def draw_examples(*, quick: bool) -> None:
    """Have Hypothesis draw as many examples as this run is to have."""
    # A busy machine makes single examples slow; how slow things are is for benchmarks/ to say.
    settings.register_profile("composer", deadline=None, max_examples=_EXAMPLES[quick])
    settings.load_profile("composer")


def examples(count: int) -> int:
    """Return how many examples a test is to draw that draws `count` of them in a whole run."""
    return max(count * settings().max_examples // _EXAMPLES[False], _FEWEST)


def is_left_out(item: pytest.Item) -> bool:
    """Tell whether a test of a file that is not left out is."""
    return any(item.get_closest_marker(mark) for mark in MARKS)
