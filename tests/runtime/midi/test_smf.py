"""The bytes of MIDI files: all that players of MIDI files play is read, the rest is refused with its reason."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.midi.smf import TICK_SHIFT, Meta, TempoMap, parse_midi

END = b"\x00\xff\x2f\x00"
SCALE = b"".join(bytes((0, 0x90, pitch, 70, 96, 0x80, pitch, 0)) for pitch in (60, 62, 64))
HEARD = [(0, 0x90, 60, 70), (96, 0x80, 60, 0), (96, 0x90, 62, 70), (192, 0x80, 62, 0), (192, 0x90, 64, 70),
         (288, 0x80, 64, 0)]  # fmt: skip


def chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack(">L", len(content)) + content


def header(kind: int = 1, tracks: int = 1, division: int = 96) -> bytes:
    return chunk(b"MThd", struct.pack(">HHH", kind, tracks, division))


def track(*events: bytes) -> bytes:
    return chunk(b"MTrk", b"".join(events) + END)


def heard(data: bytes) -> list[tuple[int, int, int, int]]:
    return [
        (event >> TICK_SHIFT, event >> 16 & 0xFF, event >> 8 & 0xFF, event & 0xFF)
        for one in parse_midi(data).tracks
        for event in one.events
    ]


def riff(data: bytes, *before: bytes) -> bytes:
    body = b"RMID" + b"".join(before) + b"data" + struct.pack("<L", len(data)) + data
    return b"RIFF" + struct.pack("<L", len(body)) + body


GOOD = {
    "plain": header() + track(SCALE),
    "riff": riff(header() + track(SCALE)),
    "riff with a list first": riff(header() + track(SCALE), b"LIST" + struct.pack("<L", 3) + b"abc\0"),
    "longer header": chunk(b"MThd", struct.pack(">HHH", 1, 1, 96) + b"abcd") + track(SCALE),
    "a chunk of a vendor first": header() + chunk(b"XFIH", b"hello") + track(SCALE),
    "a chunk of a vendor that was counted": header(tracks=2) + track(SCALE) + chunk(b"XFKM", b"hello"),
    "a chunk longer than the file at the end": header() + track(SCALE) + b"XFKM\x00\x00\xff\xffabc",
    "tracks that were not counted": header(tracks=0xFFFF) + track(SCALE),
    "padding after the last track": header() + track(SCALE) + bytes(100),
    "text after the last track": header() + track(SCALE) + b"\r\n\r\n\x1a\r\n\r\n",
    "no end of track": header() + chunk(b"MTrk", SCALE),
    "a track said to be longer than it is": header(tracks=1) + b"MTrk" + struct.pack(">L", 999) + SCALE + END,
    "SysEx": header() + track(b"\x00\xf0\x03\x7e\x09\xf7", SCALE),
    "SysEx in packets": header() + track(b"\x00\xf0\x03\x43\x12\x00", b"\x00\xf7\x03\x43\x12\xf7", SCALE),
    "an escape": header() + track(b"\x00\xf7\x02\xf3\x01", SCALE),
    "odd metas": header()
    + track(
        b"\x00\xff\x54\x02\xff\xff", b"\x00\xff\x59\x02\xee\x07", b"\x00\xff\x7f\x01\xff", b"\x00\xff\x00\x00", SCALE
    ),
    "a meta of a kind that there is not": header() + track(b"\x00\xff\xee\x02\xff\xff", SCALE),
    "meter in two bytes": header() + track(b"\x00\xff\x58\x02\x03\x02", SCALE),
    "real-time messages": header() + track(b"\x00\xf8", b"\x00\xfa", b"\x00\xf2\x01\x02", b"\x00\xfe", SCALE),
    "program and pressure have one byte": header() + track(b"\x00\xc0\x05", b"\x00\xd0\x05", SCALE),
}


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD.keys())
def test_what_players_play_is_read(data: bytes) -> None:
    assert [event for event in heard(data) if event[1] < 0xC0] == HEARD


@pytest.mark.parametrize(
    "between",
    [b"", b"\x00\xf0\x02\x01\xf7", b"\x00\xff\x01\x02ab", b"\x00\xf7\x01\x01"],
    ids=["", "SysEx", "text", "F7"],
)
def test_running_status_goes_on(between: bytes) -> None:
    events = [b"\x00\x90\x3c\x46", b"\x60\x3c\x00", between, b"\x00\x3e\x46", b"\x60\x3e\x00"]
    assert heard(header() + track(*events)) == [
        (0, 0x90, 60, 70),
        (96, 0x90, 60, 0),
        (96, 0x90, 62, 70),
        (192, 0x90, 62, 0),
    ]


def test_a_count_that_is_too_small_loses_no_track() -> None:
    assert len(parse_midi(header(tracks=1) + track(SCALE) + track(SCALE)).tracks) == 2


def test_a_track_said_to_be_too_long_does_not_swallow_the_next() -> None:
    first = b"MTrk" + struct.pack(">L", len(SCALE) + len(END) + 20) + SCALE + END
    assert len(parse_midi(header(tracks=2) + first + track(SCALE)).tracks) == 2


def test_ports_and_ends() -> None:
    first, second = parse_midi(
        header(tracks=2) + track(b"\x00\xff\x21\x01\x03", SCALE) + track(b"\x83\x60\xff\x01\x00")
    ).tracks
    assert (first.port, first.end_tick) == (3, 288)
    assert (second.port, second.end_tick) == (0, 480)


REFUSED = {
    "empty": (b"", "is empty"),
    "text": (b"Dear diary, today I wrote no music.", "not a MIDI file"),
    "an image in RIFF": (b"RIFF\x10\x00\x00\x00WAVEfmt ", "not a MIDI file"),
    "RIFF without music": (riff(b"")[:12] + b"LIST\x00\x00\x00\x00", "without MIDI"),
    "RIFF with text": (riff(b"hello, this is no music"), "not a MIDI file"),
    "film": (header(division=0xE728) + track(SCALE), "SMPTE"),
    "no resolution": (header(division=0) + track(SCALE), "resolution is 0"),
    "type 3": (header(kind=3) + track(SCALE), "type 3"),
    "cut short": ((header() + track(SCALE))[:-4], "cut short"),
    "cut in a message": (header() + b"MTrk\x00\x00\x00\x18\x00\x90\x3c", "middle of a message"),
    "a value above 127": (header() + track(b"\x00\x90\x3c\xc8"), "above 127"),
    "no status": (header() + track(b"\x00\x3c\x46"), "without a kind"),
    "five bytes of time": (header() + track(b"\xff\xff\xff\xff\x7f\x90\x3c\x46"), "four bytes"),
    "times without end": (header() + track(b"\xff\xff\xff\x7f\x90\x3c\x46" * 20), "too large"),
    "fewer tracks than are counted": (header(tracks=2) + track(SCALE), "cut short: it has 1 of 2 tracks"),
    "cut in the head of a track": (header(tracks=2) + track(SCALE) + b"MTrk\x00\x00", "cut short: it has 1 of 2"),
    "a vendor's chunk that swallows a track": (
        header(tracks=2) + track(SCALE) + b"XFIH\x00\x0f\xff\xff" + track(SCALE),
        "follows track 1",
    ),
    "a track said to be shorter than it is": (
        header() + b"MTrk" + struct.pack(">L", len(SCALE) // 3) + SCALE + END,
        "follows track 1",
    ),
    "garbage between tracks": (header(tracks=2) + track(SCALE) + b"\x00\x01\x02\x03" + track(SCALE), "follows track 1"),
}


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_the_rest_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        parse_midi(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for data in (content, header() + content, header() + chunk(b"MTrk", content), riff(content)):
        with suppress(InputError):
            parse_midi(data)


def test_seconds_follow_all_tempos() -> None:
    tempos = [b"\x00\xff\x51\x03\x0f\x42\x40", b"\x00\xff\x51\x03\x07\xa1\x20", b"\x60\xff\x51\x03\x0f\x42\x40"]
    broken = b"\x60\xff\x51\x03\x00\x00\x00"
    tracks = parse_midi(header(tracks=2) + track(SCALE) + track(*tempos, broken)).tracks
    assert [kind for _, kind, _ in tracks[1].metas] == [Meta.TEMPO] * 4
    clock = TempoMap(tracks, 96)
    assert [clock.seconds(tick) for tick in (0, 48, 96, 192, 288)] == pytest.approx([0, 0.25, 0.5, 1.5, 2.5])
