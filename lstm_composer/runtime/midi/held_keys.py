"""Which keys a player holds, though note-offs can be lost.

A key is let go by its note-off, and by what says so for many: all sound off, all notes off, reset all controllers and
the mode messages of its channel (MIDI 1.0 has the latter imply all notes off), and system reset. A port says system
reset as well when a keyboard has been unplugged, where its MIDI system tells. For what cannot tell there are times: a
keyboard that has sent active sensing and is silent has gone, and so has a note-off when nothing comes for long.
"""

from typing import Final

from lstm_composer.runtime.midi.input import (
    ActiveSensing,
    ChannelPressure,
    ControlChange,
    KeyPressure,
    NoteOff,
    NoteOn,
    SystemReset,
    decode,
)
from lstm_composer.runtime.music.notes import Note

LETS_GO: Final = frozenset({120, 121, *range(123, 128)})
"""Controllers after which no key of the channel counts as held."""
SENSED_SECONDS: Final = 0.5
"""A keyboard that sends active sensing does so every 300 ms at least (MIDI 1.0); the rest is left to a busy machine."""
LONGEST_HELD_SECONDS: Final = 20.0
"""Keys that are held while nothing is played for so long are let go. A piano's chord has died away by then, and who
holds an organ's for longer hears us come in over it; but after a note-off that was lost we would be silent for ever."""


class HeldKeys:
    """Follows what a player sends. Pure: it is told the time."""

    def __init__(self, beat_ticks: int) -> None:
        """Begin with no key held; a note whose end is not known has a beat at least."""
        self._beat_ticks = beat_ticks
        self._down: dict[tuple[int, int], tuple[int, int]] = {}  # by channel and pitch: since when, how loud
        self._played = float("-inf")  # when a key was struck, pressed or let go last
        self._played_tick = 0
        self._came = float("-inf")  # when anything came last
        self._sensing = False
        self.last_struck = float("-inf")
        """When a key was struck last."""

    @property
    def held(self) -> bool:
        """Whether any key is held."""
        return bool(self._down)

    def sounding(self, tick: int) -> list[Note]:
        """Return the notes of the keys that are held, as if they ended now."""
        return [_note(key, *struck, tick) for key, struck in self._down.items()]

    def hear(self, message: bytes, seconds: float, tick: int) -> list[Note]:
        """Take a message that came at a time, at a position; returns the notes that it ends.

        Keys that are struck at a negative position, in a count-in, do not count.
        """
        self._came = max(self._came, seconds)
        match decode(message):
            case NoteOn(channel, pitch, velocity):
                ended = self._let_go(channel, pitch, seconds, tick)
                if tick >= 0:
                    self._down[channel, pitch] = (tick, velocity)
                    self.last_struck = seconds
                return ended
            case NoteOff(channel, pitch):
                return self._let_go(channel, pitch, seconds, tick)
            case ControlChange(channel, number) if number in LETS_GO:
                return self._end([key for key in self._down if key[0] == channel], tick)
            case KeyPressure():
                self._played, self._played_tick = seconds, tick
            case ChannelPressure():
                self._played = seconds
            case ActiveSensing():
                self._sensing = True
            case SystemReset():
                return self._end([*self._down], tick)
        return []

    def _let_go(self, channel: int, pitch: int, seconds: float, tick: int) -> list[Note]:
        self._played, self._played_tick = seconds, tick
        return self._end([(channel, pitch)], tick)

    def are_lost(self, now: float) -> bool:
        """Tell whether the keys that seem to be held cannot be any more: nobody is there, or nobody plays."""
        gone = self._sensing and now - self._came > SENSED_SECONDS
        if gone:
            self._sensing = False  # it may come back without
        return bool(self._down) and (gone or now - self._played > LONGEST_HELD_SECONDS)

    def let_go_of_all(self, tick: int) -> list[Note]:
        """Let go of all keys; when they really were is not known. Returns their notes."""
        keys = [*self._down]
        return [
            note
            for key in keys
            for note in self._end([key], min(tick, max(self._played_tick, self._down[key][0] + self._beat_ticks)))
        ]

    def _end(self, keys: list[tuple[int, int]], tick: int) -> list[Note]:
        return [_note(key, *self._down.pop(key), tick) for key in keys if key in self._down]


def _note(key: tuple[int, int], onset: int, loudness: int, end: int) -> Note:
    return Note(onset, key[1], max(1, end - onset), loudness)
