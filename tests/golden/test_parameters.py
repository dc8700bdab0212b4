"""What every command line, controller, program, note and OSC message sets the parameters to."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from tests.golden.driving import CONTROLLERS, PARAMETERS, Desk
from tests.golden.stored import check

LINES: Final = """
temperature 0|temperature 0.5|temperature 5|temperature 5.1|temperature -1|temperature|temperature hot|temperature nan
temperature delta 0.4|temperature pitch 0.5|temperature duration 2|temperature velocity 1.5|temperature tempo 1
temperature pitch|TEMPERATURE 1|  temperature   0.7  |temperature 1_0|temperature 1e-3|temperature inf
min-p 0|min-p 0.3|min-p 1|min-p 2|min-p -0.1|MIN-P 0.1|min-p x
density -1|density -0.25|density 0|density 1|density 1.01|density nan|density
register 40 84|register 0 127|register 60 60|register 84 40|register 40|register 40 84 90|register -1 60|register 0 128
register 40.7 84.2|register low high|register
key C|key c minor|key F# minor|key Bb|key Bb dorian|key E♭ major|key G harmonic minor|key G harmonic-minor|key A blues
key C chromatic|key H minor|key C gypsy|key off|key OFF|key 0|key false|key no|key|key 1|key on
velocity 1|velocity 70|velocity 127|velocity 0|velocity 128|velocity off|velocity false|velocity 70.9|velocity loud
velocity-range 0|velocity-range 1.5|velocity-range 2|velocity-range 2.5|velocity-range off
style-strength 0|style-strength 1.5|style-strength 3|style-strength 3.1|style-strength x
accents 0|accents 0.5|accents 1|accents 1.1|accents on
transpose -24|transpose 0|transpose 5|transpose 24|transpose 25|transpose -24.5|transpose 2.5|transpose off|transpose
swing 0|swing 0.5|swing 1|swing 1.5|swing -0|swing +0.5|swing .5
humanise 0|humanise 0.4|humanise 1|humanise 2|humanize 1
variation 0|variation 0.3|variation 1|variation 1.2
returns -1|returns 0.3|returns 1|returns 1.5
volume 0|volume 0.8|volume 1|volume 1.1|volume loud
mute on|mute off|mute 1|mute 0|mute true|mute False|mute yes|mute no|mute|mute perhaps|mute 0.5
hold 1|hold 2|hold 4|hold 8|hold 2.0|hold 3|hold 0|hold off|hold on|hold true|hold no|hold|hold 16|hold -1
new|new 1|new 0|new on|new off|new idea|NEW
panic|panic 1|panic 0|panic off|panic true|panic now
style bach|style joplin|style Satie|style bach:0.7,joplin:0.3|style bach:1,joplin:1,satie:2|style joplin:0,satie:1
style bach:0|style mozart|style bach,bach|style|style bach:x|style bach:-1|style bach:1e309|style bach, satie
learn density|learn density -0.5 0.5|learn swing 1 0|learn off|learn nothing|learn density 5 6|learn mute 0 1
learn density 1|learn|learn temperature-pitch 0 2|learn register-low 20 90|unlearn density|unlearn nothing|unlearn
loud|""|-|help|temperature=1|tempo 120|quit
"""
"""Command lines, with | between them."""
TURNED: Final = (
    *("style joplin:1,satie:3", "style-strength 2", "temperature 0.7", "temperature delta 1.2", "min-p 0.1"),
    *("density 0.5", "register 50 70", "key D minor", "velocity 80", "velocity-range 0.5", "accents 0.3", "swing 0.2"),
    *("humanise 0.6", "mute on", "variation 0.4", "returns 0.7", "hold 2", "volume 0.9", "transpose -5"),
)
"""Command lines that set every parameter to something else."""
SHOWN: Final = (0, 1, 63, 64, 127)
"""Places of a controller that are stored in full."""
MAP: Final = """
default = false
[controllers]
{controllers}
90 = {{knob = "density", low = -0.5, high = 0.5}}
91 = {{knob = "temperature-pitch", low = 1.5, high = 0.5}}
92 = {{knob = "register-low", low = 30, high = 60}}
93 = {{knob = "morph", low = 0.25, high = 0.75}}
94 = {{knob = "velocity", low = 40, high = 100}}
95 = [{{knob = "swing", channel = 1}}, {{knob = "mute", channel = 2}}]
96 = "off"
[notes]
36 = "new"
37 = {{say = "key C minor", channel = 10}}
[programs]
5 = "style bach:0.5,joplin:0.5"
"""
OSC: Final[list[tuple[str, list[Any]]]] = [
    *((f"/lstm/{name}", [0.5]) for name in ("temperature", "min-p", "density", "velocity-range", "style-strength")),
    *((f"/lstm/{name}", [0.8]) for name in ("accents", "swing", "humanise", "variation", "returns", "volume")),
    *(("/lstm/transpose", [-5]), ("/lstm/transpose", [7.0]), ("/lstm/transpose/12", [1]), ("/lstm/transpose/12", [0])),
    *(("/lstm/temperature/pitch", [0.5]), ("/lstm/temperature", ["pitch", 0.5]), ("/lstm/temperature", [1])),
    *(
        ("/lstm/temperature", [9.0]),
        ("/lstm/temperature", []),
        ("/lstm/register", [40, 84]),
        ("/lstm/register", [40.0]),
    ),
    *(("/lstm/key", ["F# minor"]), ("/lstm/key", [False]), ("/lstm/key/C", [1]), ("/lstm/key/C", [0])),
    *(("/lstm/key/off", [1.0]), ("/lstm/velocity", [70]), ("/lstm/velocity", [None]), ("/lstm/velocity/off", [True])),
    *(
        ("/lstm/mute", [1]),
        ("/lstm/mute", [0.0]),
        ("/lstm/mute", [True]),
        ("/lstm/mute/on", [1]),
        ("/lstm/mute/on", [0]),
    ),
    *(("/lstm/mute", ["off"]), ("/lstm/hold", [2]), ("/lstm/hold", [2.0]), ("/lstm/hold", [0]), ("/lstm/hold", [3])),
    *(("/lstm/hold/4", [1]), ("/lstm/hold/4", [0]), ("/lstm/hold/off", [0]), ("/lstm/hold", [False])),
    *(("/lstm/new", []), ("/lstm/new", [1]), ("/lstm/new", [0]), ("/lstm/new", ["x"]), ("/lstm/panic", [True])),
    *(("/lstm/panic", [False]), ("/lstm/style", ["bach:0.7,joplin:0.3"]), ("/lstm/style/joplin", [1])),
    *(("/lstm/style/joplin", [0.0]), ("/lstm/style", ["mozart"]), ("/lstm/loud", [1]), ("/other/temperature", [1])),
    *(("/lstm/", []), ("/lstm/swing", ["0.5"]), ("/lstm/swing", [True]), ("/lstm/temperature", ["a\nb"])),
]


def turned_desk() -> Desk:
    desk = Desk()
    for line in TURNED:
        desk.take(line)
    return desk


def datagram(address: str, arguments: list[Any]) -> bytes:
    builder = OscMessageBuilder(address=address)
    for argument in arguments:
        builder.add_arg(argument)
    return bytes(builder.build().dgram)


def bundle(*datagrams: bytes) -> bytes:
    builder = OscBundleBuilder(IMMEDIATELY)
    for one in datagrams:
        builder.add_content(OscMessage(one))
    return bytes(builder.build().dgram)


def travel(desk: Desk, number: int, channel: int = 1) -> dict[str, Any]:
    """What a controller asks for at some of its places, and a sum of what it asks for at all."""
    asked = [desk.asked(bytes([0xB0 + channel - 1, number, value])) for value in range(128)]
    found = {str(value): asked[value] for value in SHOWN}
    return found | {"sum of all": hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]}


def test_lines() -> None:
    lines = [line for row in LINES.strip().splitlines() for line in row.split("|")]
    found: dict[str, Any] = {"at first": Desk().parameters, "all turned": turned_desk().parameters}
    for line in lines:
        found[line] = {"at first": Desk().asked(line)}
        after = turned_desk().asked(line)
        if after != found[line]["at first"]:
            found[line]["all turned"] = after
    assert len(lines) == len(found) - 2
    check("lines", found)


def test_what_is_learnt(tmp_path: Path) -> None:
    desk, found = Desk(), []
    for turn in (
        *("learn density", bytes([0xB2, 21, 127]), "learn swing 1 0", bytes([0xB0, 22, 0]), bytes([0xB0, 22, 127])),
        *("learn mute", bytes([0xB0, 123, 0]), bytes([0xB0, 21, 127]), bytes([0xB2, 21, 0]), "unlearn density"),
        *("learn off", bytes([0xB2, 21, 0]), "unlearn density"),
    ):
        found.append([turn if isinstance(turn, str) else turn.hex(" "), desk.asked(turn), desk.told[:]])
        desk.told.clear()
    check("learning", {str(number): one for number, one in enumerate(found)})


def test_controllers(tmp_path: Path) -> None:
    found: dict[str, Any] = {}
    for number, name in CONTROLLERS.items():
        found[f"{number} {name}"] = {"at first": travel(Desk(), number), "all turned": travel(turned_desk(), number)}
    free = [travel(Desk(), number) for number in range(128) if number not in CONTROLLERS]
    assert all(asked is None for one in free for asked in (one[str(value)] for value in SHOWN))
    programs = {str(number): Desk().asked(bytes([0xC0, number])) for number in (0, 1, 2, 3, 127)}
    channels = {str(channel): Desk().asked(bytes([0xB0 + channel, 73, 0])) for channel in (0, 9, 15)}
    check("controllers", {**found, "programs": programs, "channels": channels})


def test_controllers_of_a_map(tmp_path: Path) -> None:
    lines = "\n".join(f'{number} = "{name}"' for number, name in enumerate(PARAMETERS))
    path = tmp_path / "map.toml"
    path.write_text(MAP.format(controllers=lines))
    desk = Desk(path)
    found: dict[str, Any] = {name: travel(desk, number) for number, name in enumerate(PARAMETERS)}
    found |= {f"line {number}": travel(desk, number) for number in range(90, 97)}
    found["line 95 on channel 2"] = travel(desk, 95, 2)
    messages = ("90 24 40", "90 24 00", "80 24 40", "90 25 40", "99 25 40", "C0 05", "C0 00", "E0 00 40", "D0 01")
    found |= {message: desk.asked(bytes.fromhex(message)) for message in messages}
    check("controllers_of_a_map", found)


def test_osc() -> None:
    found = {}
    for address, arguments in OSC:
        found[f"{address} {json.dumps(arguments)}"] = Desk().asked_by_osc(datagram(address, arguments))
    several = bundle(datagram("/lstm/swing", [1.0]), datagram("/lstm/new", [0]), datagram("/lstm/key", ["D"]))
    found["a bundle of three"] = Desk().asked_by_osc(several)
    found["a bundle cut short"] = Desk().asked_by_osc(several[:-4])
    found["an impulse"] = Desk().asked_by_osc(b"/lstm/new\0\0\0,I\0\0")
    found["nil"] = Desk().asked_by_osc(b"/lstm/hold/2\0\0\0\0,N\0\0")
    found["a blob"] = Desk().asked_by_osc(b"/lstm/swing\0,b\0\0\0\0\0\1a\0\0\0")
    found["no OSC"] = Desk().asked_by_osc(b"hello")
    check("osc", found)
