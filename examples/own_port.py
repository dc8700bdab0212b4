"""Play into a port of one's own: anything that takes the bytes of MIDI messages, here one that prints them.

Run: python examples/own_port.py [STYLE] [BARS] [BPM]

Each message is sent at a deadline of a monotonic clock, so that lateness does not add up. What sounds is ended whatever
happens, also by Ctrl-C.
"""

import sys
import time
from typing import Protocol

from lstm_composer import Composer, Note
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER

NOTE_ON, NOTE_OFF = 0x90, 0x80


class Port(Protocol):
    """What takes messages: the output of mido or rtmidi, a socket, a synthesizer of your own."""

    def send(self, message: bytes) -> None:
        """Take one MIDI message."""


class PrintingPort:
    """Prints messages instead of playing them."""

    def send(self, message: bytes) -> None:
        """Print a message."""
        print(message.hex(" "))


def messages(notes: list[Note]) -> list[tuple[int, bytes]]:
    """Note-ons and note-offs with their ticks, in order; at one tick the note-offs come first."""
    ons = [(note.onset, bytes([NOTE_ON, note.pitch, note.velocity])) for note in notes]
    offs = [(note.onset + note.duration, bytes([NOTE_OFF, note.pitch, 0])) for note in notes]
    return sorted(ons + offs)


def play(notes: list[Note], port: Port, tempo_bpm: float) -> None:
    """Send notes in time, and end those that sound when it is over or interrupted."""
    seconds_a_tick = 60 / tempo_bpm / TICKS_PER_QUARTER
    began, sounding = time.monotonic(), set[int]()
    try:
        for tick, message in messages(notes):
            time.sleep(max(0.0, began + tick * seconds_a_tick - time.monotonic()))
            port.send(message)
            (sounding.add if message[0] == NOTE_ON else sounding.discard)(message[1])
    finally:
        for pitch in sorted(sounding):
            port.send(bytes([NOTE_OFF, pitch, 0]))


def main(style: str = "bach", bars: str = "4", tempo_bpm: str = "120") -> None:
    """Play some bars of a style."""
    notes = list(Composer.load(style).notes(bars=int(bars), seed=1))
    play(notes, PrintingPort(), float(tempo_bpm))


if __name__ == "__main__":
    main(*sys.argv[1:])
