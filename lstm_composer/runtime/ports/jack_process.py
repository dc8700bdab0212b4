"""The functions of libjack that a process callback needs, called without letting go of the interpreter.

JACK-Client's own methods release the interpreter lock in each call. In a process callback every release is a chance
for another thread to take the lock and to be put to sleep with it, and JACK loses what a late callback writes
(measured: 1 to 7 of 600 messages under load). None of these functions waits for anything, so none needs to release.
"""

import ctypes
from typing import Any

import jack

LONGEST_MESSAGE = 3
"""Bytes of a channel or system real-time message; what is longer is system exclusive, and left out."""


class PeriodWriter:
    """Writes MIDI messages into the present period of one port; for use in the process callback only."""

    def __init__(self, client: jack.Client, port: jack.OwnMidiPort) -> None:
        frames = ctypes.c_uint32
        library = ctypes.PyDLL(jack._libname)  # noqa: SLF001 - the same library, wherever JACK-Client found it
        self._get_buffer = _function(library, "jack_port_get_buffer", ctypes.c_void_p, ctypes.c_void_p, frames)
        self._clear = _function(library, "jack_midi_clear_buffer", None, ctypes.c_void_p)
        self._write = _function(
            *(library, "jack_midi_event_write", ctypes.c_int),
            *(ctypes.c_void_p, frames, ctypes.c_char_p, ctypes.c_size_t),
        )
        self._start = _function(library, "jack_last_frame_time", frames, ctypes.c_void_p)
        self._since_start = _function(library, "jack_frames_since_cycle_start", frames, ctypes.c_void_p)
        self._client = _address(client)
        self._port = _address(port)
        self._buffer: int | None = None

    def begin(self, frames: int) -> None:
        """Take the buffer of this period and clear it; without that the messages of an earlier one leave again."""
        self._buffer = self._get_buffer(self._port, frames)
        self._clear(self._buffer)

    def write(self, offset: int, data: bytes) -> bool:
        """Write a message at a frame of this period, not before an earlier message; False if there is no room."""
        return bool(self._write(self._buffer, offset, data, len(data)) == 0)

    def start_frame(self) -> int:
        """Return the frame time (32 bits) at which this period starts."""
        return int(self._start(self._client))

    def frames_since_start(self) -> int:
        """Return how many frames ago this period was started."""
        return int(self._since_start(self._client))


class _Event(ctypes.Structure):
    """jack_midi_event_t."""

    _fields_ = (
        ("time", ctypes.c_uint32),
        ("size", ctypes.c_size_t),
        ("buffer", ctypes.c_void_p),
    )


class PeriodReader:
    """Reads the MIDI messages of the present period of one port; for use in the process callback only."""

    def __init__(self, port: jack.OwnMidiPort) -> None:
        frames = ctypes.c_uint32
        library = ctypes.PyDLL(jack._libname)  # noqa: SLF001 - as above
        self._get_buffer = _function(library, "jack_port_get_buffer", ctypes.c_void_p, ctypes.c_void_p, frames)
        self._count = _function(library, "jack_midi_get_event_count", frames, ctypes.c_void_p)
        event = ctypes.POINTER(_Event)
        self._get = _function(library, "jack_midi_event_get", ctypes.c_int, event, ctypes.c_void_p, frames)
        self._port = _address(port)

    def read(self, frames: int) -> list[tuple[int, bytes]]:
        """Return the messages of this period, as (frame in the period, bytes)."""
        buffer = self._get_buffer(self._port, frames)
        event = _Event()
        return [
            (event.time, ctypes.string_at(event.buffer, event.size))
            for index in range(self._count(buffer))
            if self._get(ctypes.byref(event), buffer, index) == 0 and event.size <= LONGEST_MESSAGE
        ]


def _function(library: ctypes.PyDLL, name: str, result: Any, *arguments: Any) -> Any:
    function = library[name]
    function.restype = result
    function.argtypes = arguments
    return function


def _address(owner: Any) -> int:
    return int(jack._ffi.cast("uintptr_t", owner._ptr))  # noqa: SLF001 - JACK-Client has no public way to its pointers
