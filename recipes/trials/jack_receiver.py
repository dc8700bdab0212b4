"""What a JACK receiver that is not ours hears, and what it should have heard: shared by the trials of this folder."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lstm_composer.runtime.midi.messages import Kind
from lstm_composer.runtime.midi.reader import read_music
from lstm_composer.runtime.playback.scheduler import Scheduler

PORT: Final = "LSTM Composer:LSTM Composer"
RECEIVER: Final = ("stdbuf", "-oL", "jack_midi_dump", "-a", "receiver")
RECEIVER_PORT: Final = "receiver:input"
ALL_NOTES_OFF: Final = (0xB0, 0x7B, 0x00)
"""The last message of whatever ends."""

Message = tuple[int, ...]
"""The bytes of a MIDI message."""


def received_messages(output: Path) -> list[Message]:
    """Return what `jack_midi_dump` has written into a file so far: a line is such as "  30464: 90 3c 40 note on"."""
    lines = re.findall(r"^ *\d+:((?: [0-9a-f]{2})+)", output.read_text(), re.MULTILINE)
    return [tuple(bytes.fromhex(line)) for line in lines]


def messages_of(file: Path) -> list[Message]:
    """Return the notes of a MIDI file as the messages that a port gets, in order."""
    scheduler = Scheduler()
    scheduler.add(read_music(file).notes, channel=1)
    messages = scheduler.due(10**9)
    return [one.midi_bytes() for one in messages if one.kind in (Kind.NOTE_ON, Kind.NOTE_OFF)]


@contextmanager
def running(command: Sequence[str], output: Path) -> Iterator[None]:
    """Run a program in the background; it is ended by its own handle."""
    with output.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT) as process:
        try:
            yield
        finally:
            process.terminate()
