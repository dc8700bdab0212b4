"""Flood a JACK MIDI input: 100,000 random messages a second, broken ones among them, and then the turns asked for.

    python benchmarks/playing/midi_flood.py "LSTM Composer:LSTM Composer in" --seconds 3 --then b07800 b05000

Nothing that comes in may crash the program, hold up its notes or make it deaf.
"""

import argparse
import random
import time
from collections import deque
from contextlib import suppress

import jack

MESSAGES_A_SECOND = 100_000
LONGEST_SYSEX = 40
PAUSE_SECONDS = 0.3


def random_message(dice: random.Random) -> bytes:
    """Return a channel message, a system message, a system exclusive one that may lack its end, or just bytes."""
    kind = dice.randrange(4)
    if kind == 0:
        return bytes([dice.randrange(0x80, 0xF0), dice.randrange(128), dice.randrange(128)])
    if kind == 1:
        return bytes([dice.randrange(0xF0, 0x100)])
    length = dice.randrange(1, LONGEST_SYSEX)
    if kind == 2:
        return b"\xf0" + bytes(dice.randrange(128) for _ in range(length)) + dice.choice([b"", b"\xf7", b"\x90"])
    return dice.randbytes(length)


def flood(destination: str, seconds: float, then: list[bytes]) -> int:
    """Send into a port; return how many messages were sent."""
    dice = random.Random(5)
    stock = [random_message(dice) for _ in range(10_000)]
    client = jack.Client("flood", no_start_server=True)
    output = client.midi_outports.register("out")
    each_period = MESSAGES_A_SECOND * client.blocksize // client.samplerate + 1
    turns: deque[bytes] = deque()
    sent = [0, True]  # how many, and whether it goes on

    def process(frames: int) -> None:
        output.clear_buffer()
        if sent[1]:
            for index in range(each_period):
                with suppress(jack.JackError):  # the buffer is full
                    output.write_midi_event(index * frames // each_period, stock[sent[0] % len(stock)])
                    sent[0] += 1
        elif turns:
            output.write_midi_event(0, turns.popleft())

    client.set_process_callback(process)
    with client:
        client.connect(output, destination)
        time.sleep(seconds)
        sent[1] = False
        time.sleep(PAUSE_SECONDS)
        turns.extend(then)
        time.sleep(PAUSE_SECONDS)
    return sent[0]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("destination")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--then", nargs="*", type=bytes.fromhex, default=[])
    arguments = parser.parse_args()
    print(f"{flood(arguments.destination, arguments.seconds, arguments.then)} messages sent")
