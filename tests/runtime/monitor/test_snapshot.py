"""A snapshot and its line of JSON."""

import json
from collections.abc import Callable

import pytest

from runtime.errors import MissingError
from runtime.monitor.snapshot import Snapshot, decode, encode


def test_a_line_holds_all_of_it(snapshot: Callable[..., Snapshot]) -> None:
    line = encode(snapshot())
    assert line.count(b"\n") == 1
    assert decode(line) == snapshot()
    assert json.loads(line)["time"] == {
        "source": "midi", "tempo_bpm": 92.5, "running": True, "tick": 222, "bar": 3, "beat": 2,
    }  # fmt: skip


@pytest.mark.parametrize("line", [b"{}\n", b"no JSON\n", b""])
def test_a_line_of_something_else_is_refused(line: bytes) -> None:
    with pytest.raises(MissingError, match="of another version"):
        decode(line)
