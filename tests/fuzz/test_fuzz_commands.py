"""Whatever comes in as a command, by OSC or as a line: it turns knobs, or is refused in one line."""

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.graph.inputs import GraphInputs, graph_inputs
from lstm_composer.runtime.parameters.commands import Change
from lstm_composer.runtime.parameters.midi_learn import Learner
from lstm_composer.runtime.parameters.osc import OscInput
from lstm_composer.runtime.parameters.parameters import Parameters

STYLES = ("bach", "joplin", "satie")
KNOBS = Parameters(style=(1.0, 0.0, 0.0), temperature=(1.0,) * 4, min_p=0.03)
WORDS = [
    *("temperature", "min-p", "density", "register", "key", "velocity", "velocity-range", "style-strength", "swing"),
    *(
        "humanise",
        "mute",
        "hold",
        "variation",
        "volume",
        "accents",
        "transpose",
        "returns",
        "new",
        "panic",
        "style",
        "learn",
        "unlearn",
        "pitch",
        "off",
    ),
    *("on", "0", "1", "-1", "0.5", "127", "nan", "inf", "1e400", "1_0", "F# minor", "bach:1,joplin:0", "bach:nan", ":"),
    *("bach:-1,joplin:2", "bach:1e308,joplin:1e308", "\u0665", "\ud800"),
]
LINES = st.text(max_size=60) | st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)


def turned(learner: Learner, turn: bytes | str) -> Change | None:
    """Read a command as `LiveControl` does; what it gives can be played."""
    try:
        change = learner.read(turn, KNOBS)
        if change is not None:
            graph_inputs(change.parameters, GraphInputs(style=change.parameters.style)).tensors()
    except InputError:
        return None
    assert change is None or sum(change.parameters.style) == pytest.approx(1.0)
    return change


@settings(deadline=None)
@example(lines=["learn density 0 1e400"])
@given(lines=st.lists(LINES, max_size=4))
def test_any_lines(lines: list[str]) -> None:
    learner = Learner(STYLES, tell=lambda _: None)
    for line in lines:
        turned(learner, line)
        turned(learner, bytes([0xB0, 20, 64]))


def padded(data: bytes) -> bytes:
    """A string of OSC 1.0: ended by a zero, its length a multiple of 4."""
    return data + b"\0" * (4 - len(data) % 4)


TAGS = st.text("ifhdsTFNIbtrmcS[]", max_size=6).map(lambda tags: f",{tags}".encode())
ADDRESSES = st.one_of(
    st.binary(max_size=30),
    st.text(max_size=20).map(lambda text: f"/lstm/{text}".encode("utf-8", "surrogatepass")),
    st.lists(st.sampled_from(WORDS[:20]), min_size=1, max_size=3).map(
        lambda words: f"/lstm/{'/'.join(words)}".encode()
    ),
)
MESSAGES = st.builds(
    lambda address, tags, arguments: padded(address) + padded(tags) + arguments,
    ADDRESSES,
    TAGS | st.binary(max_size=6),
    st.binary(max_size=32) | st.sampled_from([b"\0" * 32, padded(b"off"), b"\x7f\xc0\0\0" * 4, b"\xff" * 32]),
)


def bundled(elements: list[bytes]) -> bytes:
    """A bundle of OSC 1.0."""
    return b"#bundle\0" + b"\0" * 8 + b"".join(len(one).to_bytes(4, "big") + one for one in elements)


PACKETS = st.recursive(
    MESSAGES | st.binary(max_size=60), lambda inner: st.lists(inner, max_size=3).map(bundled), max_leaves=5
)


@pytest.fixture(scope="module")
def receive() -> Callable[[bytes], tuple[list[str], list[str]]]:
    """Hand a datagram to the port as if it had come by UDP; gives the lines that it says, and the complaints."""
    complaints: list[str] = []
    port = OscInput("0", complaints.append)
    port.close()

    def hand_over(datagram: bytes) -> tuple[list[str], list[str]]:
        lines: list[str] = []
        complaints.clear()
        port._told.clear()
        port._hand_over(datagram, lines.append)
        return lines, list(complaints)

    return hand_over


@settings(deadline=None)
@example(packet=padded(b"/lstm/hold") + padded(b",I"))
@example(packet=bundled([bundled([b""])]))
@given(packet=PACKETS)
def test_any_datagram(receive: Callable[[bytes], tuple[list[str], list[str]]], packet: bytes) -> None:
    lines, complaints = receive(packet)
    assert all(line.isprintable() and "\n" not in line for line in [*lines, *complaints])
    learner = Learner(STYLES, tell=lambda _: None)
    for line in lines:
        turned(learner, line)


def test_the_deepest_bundle_there_can_be() -> None:
    packet = padded(b"/lstm/new")
    while len(packet) < 65_000:
        packet = bundled([packet])
    port = OscInput("0", pytest.fail)
    port.close()
    lines: list[str] = []
    port._hand_over(packet, lines.append)
    assert lines == ["new"]
