"""Files of others: regular files only, a limit in size and depth, one line for whatever is wrong."""

import os
import threading

import msgspec
import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.foreign_files import (
    MEBIBYTE,
    decode_json,
    decode_text,
    read_foreign,
    read_foreign_json,
    read_foreign_start,
    read_foreign_text,
    read_foreign_toml,
)


class Sized(msgspec.Struct):
    size: int


def test_a_file_is_read_to_its_end(tmp_path):
    path = tmp_path / "some"
    path.write_bytes(b"ab" * MEBIBYTE)
    assert read_foreign(path, 2 * MEBIBYTE) == b"ab" * MEBIBYTE


def test_a_link_is_followed(tmp_path):
    (tmp_path / "some").write_bytes(b"text")
    (tmp_path / "link").symlink_to("some")
    assert read_foreign(tmp_path / "link") == b"text"


def test_what_is_no_file_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "round").symlink_to("round")
    for name, reason in {
        "pipe": "is a pipe, not a file",
        "zero": "is a device, not a file",
        ".": "is a folder, not a file",
        "dangling": r"cannot be opened \(No such file",
        "round": r"cannot be opened \(Too many levels",
        "x" * 300: r"cannot be opened \(File name too long",
        "a\0b": r"cannot be opened \((open: )?embedded null",
    }.items():
        with pytest.raises(InputError, match=reason):
            read_foreign(tmp_path / name)


def test_a_pipe_with_a_writer_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").open("wb").close(), daemon=True)
    writer.start()
    with pytest.raises(InputError, match="pipe"):
        read_foreign(tmp_path / "pipe")
    os.close(os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK))


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(InputError, match="is too large: 1 MiB at the most"):
        read_foreign(path)


def test_a_byte_order_mark_is_passed_over(tmp_path):
    path = tmp_path / "marked"
    path.write_bytes(b'\xef\xbb\xbf{"size": 3}')
    assert read_foreign_json(path, Sized) == Sized(3)
    path.write_bytes(b"\xef\xbb\xbfsize = 3")
    assert read_foreign_toml(path) == {"size": 3}
    assert read_foreign_text(path) == "size = 3"


def test_what_is_no_text_is_told_by_its_byte():
    with pytest.raises(InputError, match=r"is not UTF-8 text \(byte 0xfc at 1\): save it as UTF-8"):
        decode_text(b"F\xfcr Elise")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"size": "3"}',
        b'{"size": 1e999}',
        b"[" * 5000 + b"]" * 5000,
        b'{"size": ' + b"[" * 100 + b"]" * 100 + b"}",
        b'{"size": ' + b"9" * 10_000 + b"}",
        b'"\\ud800"',
    ],
    ids=lambda data: repr(data[:20]),
)
def test_wrong_json_is_one_short_line(data):
    with pytest.raises(InputError) as raised:
        decode_json(data, Sized)
    assert len(str(raised.value)) < 300
    assert "\n" not in str(raised.value)


def test_brackets_in_a_string_are_text():
    assert decode_json(b'{"a": "' + b"[" * 100 + b'\\""}') == {"a": "[" * 100 + '"'}


@pytest.mark.parametrize("part", [b'"\\', b'\\"', b'"', b"x", b'"x\\\\', b"[]"])
def test_long_texts_are_looked_through_once(part):
    """By the square of their length, a string of a million signs that does not end would take a day."""
    with pytest.raises(InputError):
        decode_json(b'{"size": "' + part * 300_000)


def test_the_start_of_a_file(tmp_path):
    path = tmp_path / "sparse"
    path.write_bytes(b"RIFF")
    assert read_foreign_start(path, 3) == b"RIF"
    assert read_foreign_start(path, 12) == b"RIFF"
    os.truncate(path, 1 << 40)
    assert read_foreign_start(path, 5) == b"RIFF\0"
    with pytest.raises(InputError, match="is a folder, not a file"):
        read_foreign_start(tmp_path, 5)


@pytest.mark.parametrize(
    "text", ["a", "a = " + "9" * 10_000, "a = " + "[" * 500 + "]" * 500, "a = {b = 1", "a = 2026-13-45", "a.b=1\na=2"]
)
def test_wrong_toml_is_one_short_line(text, tmp_path):
    path = tmp_path / "some.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_foreign_toml(path)
    assert len(str(raised.value)) < 300
    assert "\n" not in str(raised.value)
