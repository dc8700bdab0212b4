"""The bytes of a standard MIDI file taken apart into events.

No library gives what is needed here: mido and symusic each refuse, or shift, files that every DAW plays, and symusic
hands out notes that are paired already, without their channels. This reads what the Standard MIDI Files 1.0
specification (RP-001) describes, and what programs write beside it: RIFF around the file (.rmi, RP-029), a longer
header, chunks of their own kinds, a count of tracks that is wrong, running status that goes on across SysEx and metas.
"""

import re
import struct
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from lstm_composer.runtime.errors import InputError

MOST_MIDI_BYTES: Final = 8 << 20
"""The largest file that is read, in a quarter of a minute; a symphony has one or two MiB."""
MOST_FILE_TICKS: Final = 1 << 32
"""Positions beyond this are damage: at 480 ticks a quarter they would be weeks of music."""
TICK_SHIFT: Final = 24
"""An event in one number: tick << 24 | status << 16 | first data byte << 8 | second."""

DEFAULT_MICROSECONDS: Final = 500_000
"""Of a quarter note, where a file names no tempo: 120 a minute (RP-001)."""

_HEADER_BYTES: Final = 14
_CHUNK_HEAD_BYTES: Final = 8
_LONGEST_VLQ: Final = 4
_CHUNK_KIND: Final = re.compile(rb"[ -~]{4}")
_NOT_COUNTED: Final = 0xFFFF
"""The count of tracks of a program that did not know it yet when it wrote the header."""
_FIRST_SYSTEM: Final = 0xF0
"""Status bytes from this one on are no channel messages."""
_META: Final = 0xFF
_SYSTEM_EXCLUSIVE: Final = (0xF0, 0xF7)
_DATA_BYTES: Final = {0xF1: 1, 0xF2: 2, 0xF3: 1}
"""System common messages with data; files should have none (RP-001), but some recorders write what they hear."""


class Meta(IntEnum):
    """Meta events that are read (RP-001)."""

    PORT = 0x21
    END_OF_TRACK = 0x2F
    TEMPO = 0x51
    METER = 0x58


@dataclass(slots=True)
class Track:
    """One track.

    Attributes:
        events: Its channel messages in the order of the file, each in one number (`TICK_SHIFT`).
        metas: (tick, kind, data) of tempos and meters.
        end_tick: Where it ends, in ticks of the file.
        port: Which of several MIDI ports it is for: channel 1 of another port is another channel.
        is_ended: Whether it says itself that it ends.

    """

    events: "array[int]" = field(default_factory=lambda: array("q"))
    metas: list[tuple[int, Meta, bytes]] = field(default_factory=list)
    end_tick: int = 0
    port: int = 0
    is_ended: bool = False

    def end(self, tick: int, *, by_itself: bool) -> None:
        """Note where it ends.

        Raises:
            OverflowError: If that is too far to be counted.

        """
        if tick >= MOST_FILE_TICKS:
            raise OverflowError
        self.end_tick, self.is_ended = tick, by_itself

    def keep_meta(self, tick: int, kind: int, content: bytes) -> None:
        """Keep what is of use to us of a meta event."""
        if kind == Meta.PORT and content:
            self.port = content[0]
        elif kind == Meta.TEMPO and len(content) >= 3:
            self.metas.append((tick, Meta.TEMPO, content))
        elif kind == Meta.METER and len(content) >= 2:
            self.metas.append((tick, Meta.METER, content))


@dataclass(frozen=True, slots=True)
class MidiFile:
    """A file: type 0 and 1 sound all tracks together, type 2 one after another; `resolution` in ticks a quarter."""

    kind: int
    resolution: int
    tracks: list[Track]


class TempoMap:
    """Seconds at each tick of tracks that sound together: of several tempos at one tick the last one holds."""

    def __init__(self, tracks: Sequence[Track], resolution: int) -> None:
        """Take the tempos of all tracks; `resolution` in ticks a quarter."""
        tempos = {0: DEFAULT_MICROSECONDS}
        marks = [(tick, data) for track in tracks for tick, kind, data in track.metas if kind is Meta.TEMPO]
        for tick, data in sorted(marks, key=lambda mark: mark[0]):
            if microseconds := int.from_bytes(data[:3], "big"):  # quarter notes of no length are no tempo
                tempos[tick] = microseconds
        self._ticks = list(tempos)
        self._tick_seconds = [microseconds / 1e6 / resolution for microseconds in tempos.values()]
        self._seconds = [0.0]
        for before, after, length in zip(self._ticks, self._ticks[1:], self._tick_seconds, strict=False):
            self._seconds.append(self._seconds[-1] + (after - before) * length)

    def seconds(self, tick: int) -> float:
        """When a tick is."""
        index = bisect_right(self._ticks, tick) - 1
        return self._seconds[index] + (tick - self._ticks[index]) * self._tick_seconds[index]


def parse_midi(data: bytes) -> MidiFile:
    """Take a MIDI file apart.

    Args:
        data: What is in the file.

    Raises:
        InputError: If it is none, or damaged; the message is a reason that follows the file's name.

    """
    if not data:
        raise InputError("is empty (0 bytes)")
    data = without_riff(data)
    if len(data) < _HEADER_BYTES or not data.startswith(b"MThd"):
        raise InputError("is not a MIDI file (those begin with the letters MThd)")
    length, kind, count, division = struct.unpack(">LHHH", data[4:_HEADER_BYTES])
    if division & 0x8000:
        raise InputError("counts film frames (SMPTE), not beats; save it with ticks per quarter note")
    if division == 0:
        raise InputError("is damaged (its resolution is 0 ticks per quarter note)")
    if kind > 2:
        raise InputError(f"is a MIDI file of type {kind}; 0, 1 and 2 are known")
    tracks = _parse_tracks(data, _CHUNK_HEAD_BYTES + max(_HEADER_BYTES - _CHUNK_HEAD_BYTES, length), count)
    return MidiFile(kind, division, tracks)


def without_riff(data: bytes) -> bytes:
    """Return what is in the chunk "data" of a RIFF file (its numbers are little-endian), or all of any other file.

    Raises:
        InputError: If it is a RIFF file for MIDI without that chunk.

    """
    if data[:4] != b"RIFF" or data[8:12] != b"RMID":
        return data
    position = 12
    while position + _CHUNK_HEAD_BYTES <= len(data):
        kind, length = struct.unpack("<4sL", data[position : position + _CHUNK_HEAD_BYTES])
        position += _CHUNK_HEAD_BYTES
        if kind == b"data":
            return data[position : position + length]
        position += length + length % 2
    raise InputError("is damaged (a RIFF file without MIDI in it)")


def _parse_tracks(data: bytes, position: int, count: int) -> list[Track]:
    """Read all tracks from `position` on, also more than are counted; chunks of other kinds are passed over.

    Less than is counted, or more than can be told apart, is a file that is damaged: what is lost would not be missed.
    """
    tracks: list[Track] = []
    chunks = 0
    while position + _CHUNK_HEAD_BYTES <= len(data):
        kind, length = struct.unpack(">4sL", data[position : position + _CHUNK_HEAD_BYTES])
        begin = position + _CHUNK_HEAD_BYTES
        if kind == b"MTrk":
            track, after = _parse_track(data, begin, begin + length)
            tracks.append(track)
            # A length that is too large would swallow the next track.
            position = after if data.startswith(b"MTrk", after) else begin + length
        elif _CHUNK_KIND.fullmatch(kind) and not (begin + length > len(data) and b"MTrk" in data[begin:]):
            position = begin + length
        elif chunks < count != _NOT_COUNTED or (tracks and not tracks[-1].is_ended):
            raise InputError(f"is damaged (what follows track {len(tracks)} is no track)")
        else:
            break
        chunks += 1
    if chunks < count != _NOT_COUNTED:
        raise InputError(f"is cut short: it has {len(tracks)} of {count} tracks")
    return tracks


def _parse_track(data: bytes, begin: int, end: int) -> tuple[Track, int]:
    """Read a track, which should end at `end`; returns also where it did."""
    try:
        return _read_events(data, begin, min(end, len(data)), whole=end <= len(data))
    except IndexError:
        raise InputError("is damaged (it ends in the middle of a message)") from None
    except OverflowError:
        raise InputError("is damaged (its times are too large to be counted)") from None


def _read_events(data: bytes, position: int, end: int, *, whole: bool) -> tuple[Track, int]:  # noqa: C901, PLR0912 - the grammar
    """Read events up to the end of the track.

    Delta times, running status and channel messages are read in this loop: a call for each would double its time.
    """
    track = Track()
    keep = track.events.append
    tick = 0
    running = 0
    while position < end:
        byte = data[position]
        position += 1
        if byte < 0x80:
            tick += byte
        else:
            delta, position = _vlq(data, position - 1)
            tick += delta
        if position >= end:  # a time with nothing after it: padding, or a track that was cut short
            break
        status = data[position]
        if status >= 0x80:
            position += 1
        else:
            status = running
        if status < 0x80:
            raise InputError("is damaged (a message without a kind)")
        if status < _FIRST_SYSTEM:
            running = status
            first = data[position]
            if 0xC0 <= status < 0xE0:
                second = 0
                position += 1
            else:
                second = data[position + 1]
                position += 2
            if first > 0x7F or second > 0x7F:
                raise InputError("is damaged (a value above 127 in a message)")
            keep(tick << TICK_SHIFT | status << 16 | first << 8 | second)
        elif status == _META:
            position = _read_meta(track, tick, data, position, end)
            if track.is_ended:
                return track, position
        else:
            position = _after_system_message(data, position, status)
    if not whole or position > end:
        raise InputError("is cut short: its last track is not whole")
    track.end(tick, by_itself=False)
    return track, position


def _read_meta(track: Track, tick: int, data: bytes, position: int, end: int) -> int:
    """Read a meta event from its kind on, into the track where it is one that counts; returns where it ends."""
    kind = data[position]
    length, position = _vlq(data, position + 1)
    if kind == Meta.END_OF_TRACK:
        track.end(tick, by_itself=True)
    else:
        track.keep_meta(tick, kind, data[position : min(position + length, end)])
    return position + length


def _after_system_message(data: bytes, position: int, status: int) -> int:
    """Where the data of a system message end; of a system exclusive one, or its continuation, a length says so."""
    if status in _SYSTEM_EXCLUSIVE:
        length, position = _vlq(data, position)
        return position + length
    return position + _DATA_BYTES.get(status, 0)


def _vlq(data: bytes, position: int) -> tuple[int, int]:
    """A number of variable length, 7 bits a byte, and where it ends."""
    value = 0
    for _ in range(_LONGEST_VLQ):
        byte = data[position]
        position += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, position
    raise InputError("is damaged (a time or a length of more than four bytes)")
