"""A JACK MIDI receiver that writes down what comes in, by two clocks: `python receiver.py FILE`.

A line for each message: the frame by JACK's time, the microseconds of the system's monotonic clock when its period was
processed, and the bytes in hexadecimal. Without sound hardware the two part: JACK's time stands still for the periods
that its server misses on a busy machine.
"""

import sys
import threading
import time
from pathlib import Path
from typing import TextIO

import jack

from lstm_composer.runtime.ports.jack_process import PeriodReader, PeriodWriter


def receive(file: TextIO, name: str = "receiver") -> None:
    """Write until the server or the program ends; the port is called NAME:input."""
    client = jack.Client(name, no_start_server=True)
    reader = PeriodReader(client.midi_inports.register("input"))
    period = PeriodWriter(client, client.midi_outports.register("unused"))

    def process(frames: int) -> None:
        period.begin(frames)
        start, now = period.start_frame(), time.monotonic_ns() // 1000
        for offset, data in reader.read(frames):
            file.write(f"{start + offset} {now}: {data.hex(' ')}\n")
            file.flush()

    client.set_process_callback(process)
    with client:
        threading.Event().wait()


if __name__ == "__main__":
    with Path(sys.argv[1]).open("w", encoding="ascii") as output:
        receive(output)
