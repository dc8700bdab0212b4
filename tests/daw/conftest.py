"""A real DAW: Ardour without a screen, on a JACK server of its own, driven by `benchmarks/common/ardour.py`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.common import ardour as driver
from benchmarks.common.jack_server import dummy_server


@pytest.fixture(scope="session")
def daw_programs() -> None:
    """Skip where Ardour or JACK is not installed, fail where a CI should have them."""
    if missing := driver.missing_programs():
        reason = f"no DAW to test with ({', '.join(missing)}): apt-get install ardour jackd2 jack-tools"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture
def ardour(daw_programs: None, tmp_path: Path) -> Iterator[driver.Ardour]:
    """Ardour with a new session and one MIDI track."""
    with dummy_server(tmp_path / "jackd.log"), driver.ardour(tmp_path / "ardour") as daw:
        yield daw
