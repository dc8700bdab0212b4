"""What `pytest --quick` leaves out, by rule and nowhere else: `make check` runs it, `make test` runs everything.

- Files that need TensorFlow, read off their imports (`needs_tensorflow`), or one of `LIBRARIES`.
- `FOLDERS`: tests that need JACK, a DAW or a browser.
- Tests with the mark `outside_program`: they start a program of others, fluidsynth or abc2midi.
- Tests that ask for one of `FIXTURES`: those that start our own program as a process, whose commands are tested within
  the process of the tests too; and those that play by a network that ships, as others do by the known network.
- Tests with the mark `thorough`: each takes half a second or more of a processor to show in many cases, or in much
  music, what others show in little.
- Of each golden table of music all but a quarter, and of the examples that Hypothesis draws all but a tenth.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = frozenset(ROOT / "tests" / name for name in ("jack", "daw", "panel/browser"))
LIBRARIES: Final = frozenset({"matplotlib", "sklearn"})
"""They draw and judge what was trained; loading them takes as long as a hundred tests."""
FIXTURES: Final = frozenset({"surrounding", "bach"})
MARKS: Final = ("outside_program", "thorough")
HELP: Final = (
    "only what needs neither TensorFlow nor a program of others (JACK, Ardour, Chromium, fluidsynth, abc2midi), "
    "and of that what is cheap: tests/support/quick.py has the rules"
)
_EXAMPLES: Final = {False: 100, True: 10}
"""How many are drawn where a test does not say, by whether it is a quick run."""
_FEWEST: Final = 5
_EVERY: Final = 4
"""Of how many cases of a golden table a quick run takes one."""


def draw_examples(*, quick: bool) -> None:
    """Have Hypothesis draw as many examples as this run is to have."""
    # A busy machine makes single examples slow; how slow things are is for benchmarks/ to say.
    settings.register_profile("composer", deadline=None, max_examples=_EXAMPLES[quick])
    settings.load_profile("composer")


def examples(count: int) -> int:
    """Return how many examples a test is to draw that draws `count` of them in a whole run."""
    return max(count * settings().max_examples // _EXAMPLES[False], _FEWEST)


def part_of(cases: Sequence[str], *, quick: bool) -> list[str]:
    """Return the cases of a golden table that a run goes through."""
    return list(cases[::_EVERY] if quick else cases)


def is_left_out(item: pytest.Item) -> bool:
    """Tell whether a test of a file that is not left out is."""
    parameters = getattr(item, "callspec", None)
    network = parameters.params.get("network") if parameters else None  # the name of a fixture
    asked = {*getattr(item, "fixturenames", ()), network}
    return bool(asked & FIXTURES) or any(item.get_closest_marker(mark) for mark in MARKS)
