"""A snapshot and its line of JSON."""

import json
import re
from collections.abc import Callable

import pytest

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.monitor.snapshot import Control, Snapshot, decode, encode


def test_a_line_holds_all_of_it(snapshot: Callable[..., Snapshot]) -> None:
    line = encode(snapshot())
    assert line.count(b"\n") == 1
    assert decode(line) == snapshot()
    assert json.loads(line)["time"] == {
        "source": "midi", "tempo_bpm": 92.5, "running": True, "tick": 222, "bar": 3, "beat": 2,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["\x1b[31m", "\x9b2J", "\x7f", "\r\n", "Bösendorfer", "曲", "𝄞"])
def test_a_line_is_plain_ascii_and_says_the_same(snapshot: Callable[..., Snapshot], name: str) -> None:
    one = snapshot(style=name, port=name, controls=(Control(name, name, ()),))
    line = encode(one)
    assert re.fullmatch(rb"[\x20-\x7e]*\n", line)
    assert decode(line) == one
    assert json.loads(line)["port"] == name


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("ticks_per_bar", 0),
        ("ticks_per_beat", -1),
        ("pid", 10**30),
        ("seed", 1.5),
        ("notes", -1),
        ("style", None),
        ("lateness", {"limits_ms": [], "counts": [1], "worst_ms": 0}),
        ("lateness", {"limits_ms": [1], "counts": [1], "worst_ms": 0}),
        ("past", [{"onset": 0, "pitch": 128, "duration": 1, "velocity": 1, "channel": 1}]),
        ("time", {"source": "\x1b", "tempo_bpm": 1, "running": True, "tick": 0, "bar": 1, "beat": 1}),
    ],
)
def test_a_line_that_cannot_be_drawn_is_refused(snapshot: Callable[..., Snapshot], part: str, value: object) -> None:
    said = json.loads(encode(snapshot())) | {part: value}
    with pytest.raises(MissingError, match="of another version") as refused:
        decode(json.dumps(said).encode())
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("line", [b"{}\n", b"no JSON\n", b"", b"\xff\n", b'{"pid": NaN}', b"[" * 10_000])
def test_a_line_of_something_else_is_refused(line: bytes) -> None:
    with pytest.raises(MissingError, match="of another version"):
        decode(line)
