"""Standard input, output and error may be closed, full, or of another encoding; lines that come in may be anything."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.system.typed_lines import MOST_BYTES, chunks_of, lines

POSIX = pytest.mark.skipif(os.name == "nt", reason="a shell closes them")
WRITE = "write --style scale --seed 1 --bars 1 -o"
FULL = "standard output cannot be written to (No space left on device): make room, or send it elsewhere"
CLOSED = ["<&- >/dev/null", ">&-", ">/dev/null 2>&-", "<&- >&-", "<&- >&- 2>&-"]


@pytest.fixture
def shell(surrounding: dict[str, str], tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[bytes]"]:
    """Run a command line of the program's in a shell."""

    def run(line: str, **more: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            ["sh", "-c", f'exec "$0" -m lstm_composer {line}', sys.executable],
            cwd=tmp_path,
            env=surrounding | more,
            capture_output=True,
            check=False,
            timeout=60,
        )

    return run


@POSIX
@pytest.mark.parametrize("closed", CLOSED)
def test_closed_streams_lead_nowhere_and_into_no_file(
    shell: Callable[..., "subprocess.CompletedProcess[bytes]"], tmp_path: Path, closed: str
) -> None:
    expected = shell(f"{WRITE} expected.mid")
    assert (expected.returncode, expected.stderr) == (0, b"")
    result = shell(f"{WRITE} out.mid {closed}")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    assert (tmp_path / "out.mid").read_bytes() == (tmp_path / "expected.mid").read_bytes()


@POSIX
@pytest.mark.parametrize("line", ["styles", "--help", "play --help", "doctor --quick", "render expected.mid -o x.wav"])
def test_closed_streams_are_no_error_of_any_command(
    shell: Callable[..., "subprocess.CompletedProcess[bytes]"], line: str
) -> None:
    if line.startswith("render"):
        shell(f"{WRITE} expected.mid")
    result = shell(f"{line} <&- >&- 2>&-")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


@POSIX
def test_a_mistake_is_one_where_nobody_hears_of_it_too(
    shell: Callable[..., "subprocess.CompletedProcess[bytes]"],
) -> None:
    assert shell("nonsense 2>&-").returncode == 2
    if Path("/dev/full").exists():
        assert shell("nonsense 2>/dev/full").returncode == 2


@POSIX
def test_it_plays_without_any_stream(
    shell: Callable[..., "subprocess.CompletedProcess[bytes]"], tmp_path: Path
) -> None:
    line = "play --style scale --backend none --bars 1 --tempo 400 --stdin --take take.mid --events events.jsonl"
    assert shell(f"{line} <&- >&- 2>&-").returncode == 0
    assert (tmp_path / "take.mid").read_bytes().startswith(b"MThd")
    assert {line[:8] for line in (tmp_path / "events.jsonl").read_text().splitlines()} == {'{"kind":'}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
@pytest.mark.parametrize(
    ("line", "unbuffered"), [("styles", ""), ("--help", ""), ("doctor --json", "1"), (f"{WRITE} out.mid", "1")]
)
def test_full_output_is_one_line(
    shell: Callable[..., "subprocess.CompletedProcess[bytes]"], line: str, unbuffered: str
) -> None:
    result = shell(f"{line} >/dev/full", PYTHONUNBUFFERED=unbuffered)
    assert (result.returncode, result.stderr.decode()) == (2, f"lstm-composer: {FULL}\n")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii:strict", "utf-8"])
def test_a_character_that_the_encoding_lacks_is_spelled_out(
    shell: Callable[..., "subprocess.CompletedProcess[bytes]"], tmp_path: Path, encoding: str
) -> None:
    result = shell(f"{WRITE} 曲.mid", PYTHONIOENCODING=encoding)
    assert (result.returncode, result.stderr) == (0, b"")
    name = "曲" if encoding == "utf-8" else r"\u66f2"
    assert f"notes in {name}.mid, seed 1" in result.stdout.decode()
    assert (tmp_path / "曲.mid").exists()


@POSIX
def test_names_that_are_not_utf_8_are_said_in_words(
    shell: Callable[..., "subprocess.CompletedProcess[bytes]"],
) -> None:
    strict = {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    for more in ({}, strict):
        result = shell(r"""play --style scale --port-name "$(printf 'b\351')" """, **more)
        assert result.returncode == 2
        assert rb"port name 'b\udce9' is not allowed" in result.stderr
        assert result.stderr.count(b"\n") == 1


def heard(data: bytes, *, size: int = 7) -> tuple[list[str], list[str]]:
    refused: list[str] = []
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    return list(lines(chunks, refused.append)), refused


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"new", ["new"]),
        (b"new\npanic\n", ["new", "panic"]),
        (b"new\r\n\r\npanic\rhold 2", ["new", "panic", "hold 2"]),
        (b"\xef\xbb\xbfnew\n", ["new"]),
        ("key C♯ minor\n".encode(), ["key C♯ minor"]),
        (b"n\0w\n", ["n\0w"]),
    ],
)
def test_lines_end_in_any_way(data: bytes, expected: list[str]) -> None:
    for size in (1, 2, 1000):
        assert heard(data, size=size) == (expected, [])


def test_a_line_that_is_not_utf_8_is_refused_and_the_next_one_heard() -> None:
    found, refused = heard(b"new\n\xff\npanic\n")
    assert found == ["new", "panic"]
    assert refused == ["a line is not UTF-8 text (byte 0xff at 0): save it as UTF-8"]


def test_a_line_of_any_length_is_refused_once_in_a_few_words() -> None:
    refused: list[str] = []
    endless = (b"x" * 65536 for _ in range(1600))  # 100 MB
    assert list(lines((chunk for part in (endless, [b"\nnew\n"]) for chunk in part), refused.append)) == ["new"]
    assert refused == ["a line of more than 4,096 bytes is not heard"]
    assert heard(b"y" * MOST_BYTES)[0] == ["y" * MOST_BYTES]
    assert heard(b"y" * (MOST_BYTES + 1)) == ([], refused)


@given(st.lists(st.binary(max_size=40)), st.binary())
def test_how_the_bytes_come_makes_no_difference(chunks: list[bytes], rest: bytes) -> None:
    refused: list[str] = []
    together: list[str] = []
    data = b"".join([*chunks, rest])
    assert list(lines([*chunks, rest], refused.append)) == list(lines([data], together.append))
    assert refused == together


def test_what_comes_in_is_read_without_its_decoding() -> None:
    stream = io.TextIOWrapper(io.BytesIO(b"a\xff\nb"), encoding="ascii")
    assert b"".join(chunks_of(stream)) == b"a\xff\nb"
    assert list(chunks_of(None)) == []


@POSIX
def test_a_stream_that_does_not_wait_is_waited_for() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with os.fdopen(reading) as stream:
        found = chunks_of(stream)
        os.write(writing, b"new\n")
        assert next(found) == b"new\n"
        os.close(writing)
        assert list(found) == []


@POSIX
def test_bytes_that_are_not_utf_8_stop_no_later_command(
    shell: Callable[..., "subprocess.CompletedProcess[bytes]"], tmp_path: Path
) -> None:
    (tmp_path / "lines").write_bytes(b"\xff\n" + b"z" * 100_000 + b"\nkey H\n")
    strict = {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    result = shell("play --style scale --backend none --bars 4 --tempo 400 --stdin <lines", **strict)
    assert result.returncode == 0
    said = [line for line in result.stderr.decode().splitlines() if line.startswith(("standard input", "key"))]
    assert said[:2] == [
        "standard input: a line is not UTF-8 text (byte 0xff at 0): save it as UTF-8",
        "standard input: a line of more than 4,096 bytes is not heard",
    ]
    assert said[2].startswith("key 'H' has no tonic")
