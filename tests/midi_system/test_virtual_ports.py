"""Ports of our own in the MIDI system of this machine: CoreMIDI, or ALSA's sequencer where the kernel has it.

Windows has no such ports, and a container no sequencer: skipped there.
"""

import sys
import uuid
from collections.abc import Iterator
from queue import Queue

import pytest

from lstm_composer.runtime.midi.messages import Kind, Message
from lstm_composer.runtime.ports import available_backends, open_port
from lstm_composer.runtime.ports.base import OutputPort
from lstm_composer.runtime.ports.loopbacks import find_port
from lstm_composer.runtime.ports.rtmidi_binding import MidiIn, MidiOut

SYSTEM = {"linux": "alsa", "darwin": "coremidi"}.get(sys.platform, "none")
PATIENCE_SECONDS = 60.0
NOTE_ON, NOTE_OFF = Message(0, Kind.NOTE_ON, 1, 60, 64), Message(0, Kind.NOTE_OFF, 1, 60, 0)


@pytest.fixture
def port() -> Iterator[OutputPort]:
    if not any(status.ok for status in available_backends() if status.name == SYSTEM):
        pytest.skip("no MIDI system here in which a program can have ports of its own")
    with open_port(SYSTEM, f"LSTM Composer {uuid.uuid4().hex[:8]}") as opened:
        yield opened


def index_of(client: MidiIn | MidiOut, name: str) -> int:
    names = client.port_names()
    found = find_port(names, name)
    assert found is not None, names
    return found


def test_what_we_send_reaches_a_program_that_listens(port: OutputPort) -> None:
    heard: Queue[bytes] = Queue()
    listener = MidiIn(SYSTEM, "listener")
    try:
        listener.receive(heard.put)
        listener.open_port(index_of(listener, port.name))
        for message in (NOTE_ON, NOTE_OFF):
            port.send(message, port.clock.now())
        assert [heard.get(timeout=PATIENCE_SECONDS) for _ in range(2)] == [
            bytes(NOTE_ON.midi_bytes()),
            bytes(NOTE_OFF.midi_bytes()),
        ]
    finally:
        listener.close()


def test_the_clock_of_another_program_reaches_our_input(port: OutputPort) -> None:
    heard: Queue[bytes] = Queue()
    name = port.listen(lambda data, _: heard.put(bytes(data)))
    sender = MidiOut(SYSTEM, "sender")
    try:
        sender.open_port(index_of(sender, name))
        for status in (0xFA, 0xF8):
            sender.send((status,))
        assert [heard.get(timeout=PATIENCE_SECONDS) for _ in range(2)] == [b"\xfa", b"\xf8"]
    finally:
        sender.close()
