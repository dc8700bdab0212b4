"""A real DAW: Ardour without a screen, on a JACK server of the test's own. What drives it is `benchmarks/ardour.py`."""

import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ardour import Ardour

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="session")
def driver() -> Iterator[Any]:
    """The module `ardour`; skips where Ardour or JACK is not installed, fails where a CI should have them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        module = importlib.import_module("ardour")
        if missing := module.missing_programs():
            reason = f"no DAW to test with ({', '.join(missing)}): apt-get install ardour jackd2 jack-tools"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        yield module


@pytest.fixture
def ardour(driver: Any, tmp_path: Path) -> "Iterator[Ardour]":
    """Ardour with a new session and one MIDI track."""
    with driver.dummy_server(tmp_path / "jackd.log"), driver.ardour(tmp_path / "ardour") as daw:
        yield daw
