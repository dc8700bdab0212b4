"""Another program on Ableton Link, for `link.py` and the tests: it does what its script says and writes what it sees.

Run by them: python benchmarks/playing/link_peer.py BPM SECONDS SCRIPT OUTPUT. SCRIPT is a JSON list of [seconds,
attribute of aalink.Link, value]; each line of OUTPUT a JSON object: "seconds" of the monotonic clock, "beat", "tempo",
"playing" and
"peers"; or, when the script has set something, "seconds" and "set".
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import aalink

LOOK_SECONDS = 0.01


async def take_part(bpm: float, seconds: float, script: list[tuple[float, str, float]], output: Path) -> None:
    """Join, obey the script, and write down the beat a hundred times a second."""
    link = aalink.Link(bpm)
    link.quantum, link.start_stop_sync_enabled, link.enabled = 4, True, True
    begin = time.monotonic()
    with output.open("w") as file:
        while (now := time.monotonic()) < begin + seconds:
            if script and now >= begin + script[0][0]:
                _, name, value = script.pop(0)
                setattr(link, name, value)
                file.write(json.dumps({"seconds": now, "set": name}) + "\n")
            seen = {"beat": link.beat, "tempo": link.tempo, "playing": link.playing, "peers": link.num_peers}
            file.write(json.dumps({"seconds": time.monotonic(), **seen}) + "\n")
            file.flush()
            await asyncio.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    asyncio.run(take_part(float(sys.argv[1]), float(sys.argv[2]), json.loads(sys.argv[3]), Path(sys.argv[4])))
