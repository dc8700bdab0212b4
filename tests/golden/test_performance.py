"""What `play` sends while its knobs are turned, bars are held, somebody plays along, or a MIDI clock sets the time."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.golden.driving import perform
from tests.golden.stored import check, read
from tests.support.quick import part_of

BAR: Final = 96
Settings = dict[str, Any]
Script = list[tuple[float, str]]

SETTINGS: Final[dict[str, Settings]] = {
    "plain": {"bars": 12},
    "a form": {"bars": 12, "form": "AABA", "section_bars": 2},
    "an ending": {"bars": 12, "ending": True},
    "two voices": {"bars": 12, "voices": 2},
    "two voices, a form, an ending": {"bars": 12, "voices": 2, "form": "ABA", "section_bars": 2, "ending": True},
    "a port that is given messages early": {"bars": 12, "lead_seconds": 0.1, "early_seconds": 0.02},
}
"""What is played, by its name."""
WITH_A_MEMORY: Final = {name: SETTINGS[name] for name in ("plain", "a form", "two voices, a form, an ending")}
"""The same of a network that remembers."""
SCRIPTS: Final[dict[str, Script]] = {
    "nothing": [],
    "hold 1": [(150, "hold 1"), (500, "hold off")],
    "hold 2, varied": [(290, "variation 0.5"), (300, "hold 2"), (900, "hold 0")],
    "hold 4, then 1, to the end": [(500, "hold 4"), (900, "hold 1")],
    "hold by the controller": [(200, "midi B0 52 40"), (420, "midi B0 52 00"), (640, "midi B0 52 7F")],
    "a new piece": [(130, "new"), (500, "new"), (510, "midi B0 51 7F")],
    "panic and mute": [(100, "panic"), (200, "mute on"), (420, "mute off"), (700, "midi B0 7B 00")],
    "what is heard soon": [
        *((150, "key Eb minor"), (300, "density 0.8"), (450, "register 50 64"), (600, "temperature 0.2")),
        *((700, "key off"), (800, "midi B0 4B 3C"), (900, "midi B0 01 7F"), (950, "returns 1")),
    ],
    "how it is played": [
        *((60, "swing 1"), (160, "accents 1"), (260, "velocity 30"), (360, "velocity-range 0.2"), (500, "humanise 1")),
        *((700, "velocity off"), (800, "midi B0 48 00"), (900, "velocity-range 2")),
    ],
    "held, then new, then a key": [(200, "hold 2"), (500, "new"), (600, "key A minor"), (700, "hold off")],
    "what will not do": [
        (100, "temperature 9"),
        (200, "hold 3"),
        (250, "register 61 61"),
        (300, "key C"),
        (350, "swing 2"),
    ],
}
"""What happens, by its name: positions, and command lines or messages."""
PHRASE: Final[Script] = [(100, "note 60 20"), (124, "note 64 20"), (150, "note 67 40"), (480, "note 62 24")]
CLOCKS: Final[dict[str, Script]] = {
    "start and tempo": [(-40, "clock FA"), (-38, "pulses 400 100")],
    "pulses alone": [(100, "pulses 300 130")],
    "stop and continue": [
        *((-40, "clock FA"), (-38, "pulses 150 120"), (112, "clock FC")),
        *((200, "clock FB"), (201, "pulses 300 120")),
    ],
    "going back": [
        *((-40, "clock FA"), (-38, "pulses 300 120"), (263, "clock FC")),
        *((270, "clock F2 10 00"), (280, "clock FB"), (281, "pulses 300 140")),
    ],
}
"""What a MIDI clock sends, by its name."""


def summary(bundle: str, settings: Settings, script: Script) -> dict[str, Any]:
    """A performance in few words: sums of all messages, and of those of each bar; what the player was told."""
    performance = perform(bundle, settings, script)
    sent = performance.sent
    bars: dict[int, list[str]] = {}
    for message in sent:
        bars.setdefault(message["tick"] // BAR, []).append(json.dumps(message))
    found = {
        "sha256": hashlib.sha256(json.dumps(sent).encode()).hexdigest(),
        "notes": sum(message["kind"] == "note_on" for message in sent),
        "last tick": sent[-1]["tick"],
        "bars": " ".join(
            f"{bar}:{hashlib.sha256(''.join(said).encode()).hexdigest()[:4]}" for bar, said in bars.items()
        ),
    }
    return found | ({"told": performance.told} if performance.told else {})


def performances(played: Mapping[str, Settings]) -> dict[str, tuple[Settings, Script]]:
    """All that is performed, by its name: how, and what happens."""
    steered = {
        f"{name}: {happens}": (settings, script)
        for name, settings in played.items()
        for happens, script in SCRIPTS.items()
    }
    heard: dict[str, tuple[Settings, Script]] = {
        f"listen {mode}, voices {voices}": ({"bars": 10, "listen": mode, "voices": voices}, PHRASE)
        for mode in ("continue", "answer")
        for voices in (1, 2)
    }
    clocked: dict[str, tuple[Settings, Script]] = {
        f"a clock: {name}": ({"clock": True, "until": 800}, script) for name, script in CLOCKS.items()
    }
    return steered | heard | clocked


@pytest.mark.parametrize(("bundle", "played"), [("tiny", SETTINGS), ("memory", WITH_A_MEMORY)])
def test_performance(bundle: str, played: Mapping[str, Settings], quick: bool) -> None:  # noqa: FBT001 - a fixture
    cases = performances(played)
    found = {name: summary(bundle, *cases[name]) for name in part_of([*cases], quick=quick)}
    check(f"performance_{bundle}", found, is_part=quick)


@pytest.mark.parametrize("bundle", ["tiny", "memory"])
def test_what_happens_is_heard(bundle: str) -> None:
    """Scripts that change nothing would hold nothing."""
    stored = read(f"performance_{bundle}")
    plain = stored["plain: nothing"]
    same = [happens for happens in SCRIPTS if stored[f"plain: {happens}"]["sha256"] == plain["sha256"]]
    assert same == ["nothing"]
    assert all(one["notes"] > 10 for one in stored.values())
