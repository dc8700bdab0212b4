"""Command lines by OSC, from python-osc's own client over real UDP."""

import queue
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.udp_client import SimpleUDPClient

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.parameters.osc import MOST_AT_ONCE, MOST_TOLD, OscInput, command_line, line_of, messages_in
from lstm_composer.runtime.session.control_inputs import ControlInputs

PATIENCE_SECONDS = 30.0
FAR_FUTURE = 2_080_000_000


class Rig:
    """A port that is heard, and a client that speaks to it; `heard` returns what has been said up to the word end."""

    def __init__(self) -> None:
        self.lines = queue.Queue[str]()
        self.problems: list[str] = []
        self.osc = OscInput("0", self.problems.append)
        self.client = SimpleUDPClient(*self.osc.address)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.osc.run, args=(self.lines.put, self.stop))

    def raw(self, datagram: bytes) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(datagram, self.osc.address)

    def heard(self) -> list[str]:
        self.client.send_message("/lstm/end", [])
        return list(iter(lambda: self.lines.get(timeout=PATIENCE_SECONDS), "end"))


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    rig.thread.start()
    yield rig
    rig.stop.set()
    rig.thread.join(PATIENCE_SECONDS)
    rig.client.close()
    rig.osc.close()
    assert not rig.thread.is_alive()


@pytest.mark.parametrize(
    ("address", "arguments", "line"),
    [
        ("/lstm/temperature", 0.8, "temperature 0.8"),
        ("/lstm/temperature/pitch", 0.5, "temperature pitch 0.5"),
        ("/lstm/temperature", ["pitch", 0.5], "temperature pitch 0.5"),
        ("/lstm/key", "F# minor", "key F# minor"),
        ("/lstm/key/off", [], "key off"),
        ("/lstm/style", "bach:0.7,joplin:0.3", "style bach:0.7,joplin:0.3"),
        ("/lstm/register", [40, 84], "register 40 84"),
        ("/lstm/register", [40.0, 84.0], "register 40 84"),
        ("/lstm/velocity-range", 2**40, "velocity-range 1099511627776"),
        ("/lstm/mute", 1, "mute on"),
        ("/lstm/mute", 0.0, "mute off"),
        ("/lstm/mute", True, "mute on"),
        ("/lstm/mute", "off", "mute off"),
        ("/lstm/new", [], "new"),
        ("/lstm/new", 1.0, "new"),
        ("/lstm/panic", 1, "panic"),
        ("/lstm/mute", [None], "mute off"),
        ("/lstm/hold", 2.0, "hold 2"),
        ("/lstm/hold", 0, "hold 0"),
        ("/lstm/hold", False, "hold off"),
        ("/lstm/hold/2", 1.0, "hold 2"),
        ("/lstm/hold/2", 0.0, "hold off"),
        ("/lstm/hold/2", [None], "hold off"),
        ("/lstm/mute/on", 0, "mute off"),
        ("/lstm/style/joplin", True, "style joplin"),
        ("/lstm/key/C minor", 1, "key C minor"),
        ("/lstm/key", False, "key off"),
        ("/lstm/learn", ["density", -0.5, 0.5], "learn density -0.5 0.5"),
    ],
)
def test_an_address_and_its_arguments_are_a_command_line(rig: Rig, address: str, arguments: Any, line: str) -> None:
    rig.client.send_message(address, arguments)
    assert rig.heard() == [line]
    assert rig.problems == []


def test_a_button_that_is_let_go_says_nothing(rig: Rig) -> None:
    rig.client.send_message("/lstm/new", 0.0)
    rig.client.send_message("/lstm/panic", 0)
    rig.client.send_message("/lstm/panic", [None])
    rig.client.send_message("/lstm/style/joplin", [False])
    rig.client.send_message("/lstm/key/C", 0)
    assert rig.heard() == []


def test_an_impulse_presses_a_button() -> None:
    impulse = [b"/lstm/panic\0,I\0\0", b"/lstm/hold/4\0\0\0\0,I\0\0", b"/lstm/mute\0\0,I\0\0"]
    assert [line_of(message) for message in impulse] == ["panic", "hold 4", "mute on"]


def test_bundles_in_bundles_are_obeyed_in_order_and_at_once(rig: Rig) -> None:
    inner, outer = OscBundleBuilder(FAR_FUTURE), OscBundleBuilder(IMMEDIATELY)
    inner.add_content(message("/lstm/swing", 1))
    inner.add_content(message("/lstm/new"))
    for content in (message("/lstm/mute", 1), inner.build(), message("/lstm/panic")):
        outer.add_content(content)
    rig.client.send(outer.build())
    assert rig.heard() == ["mute on", "swing 1", "new", "panic"]


def message(address: str, *arguments: Any) -> Any:
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    return builder.build()


@pytest.mark.parametrize(
    ("address", "arguments", "why"),
    [
        ("/other/thing", 1, "OSC address '/other/thing' is unknown: write /lstm/temperature 0.8, say"),
        ("/lstm", 1, "OSC address '/lstm' is unknown"),
        ("/lstm/key", "C\nnew", "OSC '/lstm/key': 'key C\\nnew' cannot be read on a line"),
        ("/lstm/key", "\x1b[2J", "OSC '/lstm/key': 'key \\x1b[2J' cannot be read on a line"),
        ("/lstm/key", b"blob", "OSC '/lstm/key': the arguments can be numbers, words, true and false only"),
        ("/lstm/register", [[40, 84]], "OSC '/lstm/register': the arguments can be"),
    ],
)
def test_a_bad_message_is_complained_about_and_changes_nothing(
    rig: Rig, address: str, arguments: Any, why: str
) -> None:
    rig.client.send_message(address, arguments)
    rig.client.send_message(address, arguments)
    assert rig.heard() == []
    assert len(rig.problems) == 1
    assert rig.problems[0].startswith(why)


BROKEN_BUNDLE = b"#bundle\0" + 8 * b"\0"


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"hello",
        b"/lstm/new",
        b"/lstm/new\0\0\0x\0\0\0",
        b"/lstm/new\0\0\0,s\0\0word",
        b"/\xff\0\0",
        BROKEN_BUNDLE + struct.pack(">i", 400),
        BROKEN_BUNDLE + struct.pack(">i", -4),  # keeps python-osc 1.10 busy for ever
        BROKEN_BUNDLE + struct.pack(">i", 0),
    ],
)
def test_what_is_no_osc_is_complained_about(rig: Rig, datagram: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    rig.raw(datagram)
    assert rig.heard() == []
    assert rig.problems[0].startswith("OSC")
    assert capsys.readouterr().err == ""


@given(st.one_of(st.binary(max_size=80), st.binary(max_size=60).map(lambda data: b"/lstm/a\0" + data)))
def test_anything_at_all_ends_in_lines_or_complaints(datagram: bytes) -> None:
    lines: list[str] = []
    osc = object.__new__(OscInput)
    osc._complain, osc._told = lines.append, set()
    osc._hand_over(datagram, lines.append)
    assert all(line.isprintable() for line in lines)


def test_bundles_in_bundles_without_end() -> None:
    datagram = b"/lstm/new\0\0\0"
    while len(datagram) < 60_000:
        datagram = BROKEN_BUNDLE + struct.pack(">i", len(datagram)) + datagram
    assert list(messages_in(datagram)) == [b"/lstm/new\0\0\0"]


def test_a_flood_is_complained_about_a_few_times(rig: Rig) -> None:
    for number in range(3 * MOST_TOLD):
        rig.client.send_message(f"/accelerometer/{number}", 1)
        if number % MOST_TOLD == 0:
            rig.heard()
    rig.heard()
    assert len(rig.problems) == MOST_TOLD


def test_a_port_in_use(rig: Rig) -> None:
    port = rig.osc.address[1]
    with pytest.raises(MissingError, match=rf"^--osc {port} cannot be opened \([^\n]+\): choose another port or host$"):
        OscInput(str(port), rig.problems.append)


@pytest.mark.parametrize("address", ["", "-1", "65536", "x", "127.0.0.1", "localhost:", "9" * 5000, "٣"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(InputError, match="give a port up to 65535"):
        OscInput(address, lambda _: None)


def test_a_host_that_is_none() -> None:
    for host in ("300.0.0.1", "a" * 300):
        with pytest.raises(InputError, match=r"there is no host '.*': give PORT or HOST:PORT"):
            OscInput(f"{host}:9000", lambda _: None)


@pytest.mark.parametrize("address", ["127.0.0.1:0", "localhost:0", ":0", "0"])
def test_ways_to_say_this_machine(address: str) -> None:
    osc = OscInput(address, lambda _: None)
    osc.close()
    assert osc.address[0] in ("127.0.0.1", "::1")


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pythonosc", "pythonosc.osc_message"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingError, match=r'^--osc needs python-osc: pip install "lstm-composer\[osc\]"$'):
        OscInput("0", lambda _: None)


def test_long_words_are_shown_short() -> None:
    with pytest.raises(InputError) as error:
        command_line("/x" * 1000, [])
    assert len(str(error.value)) < 120


def put_nothing(_: str) -> None:
    pytest.fail("nothing was said")


def test_it_ends_with_the_performance() -> None:
    osc, stop = OscInput("0", put_nothing), threading.Event()
    run: Callable[[], None] = lambda: osc.run(put_nothing, stop)  # noqa: E731 - typed for the thread
    thread = threading.Thread(target=run)
    thread.start()
    stop.set()
    thread.join(PATIENCE_SECONDS)
    osc.close()
    assert not thread.is_alive()


class CountingEvent(threading.Event):
    """Counts how often it was waited for."""

    waits = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.waits += 1
        return super().wait(timeout)


def test_a_flood_leaves_the_music_its_time(rig: Rig) -> None:
    rig.stop.set()
    rig.thread.join(PATIENCE_SECONDS)
    rig.stop = CountingEvent()
    rig.thread = threading.Thread(target=rig.osc.run, args=(rig.lines.put, rig.stop))
    bundle = OscBundleBuilder(IMMEDIATELY)
    for _ in range(MOST_AT_ONCE):
        bundle.add_content(message("/lstm/new"))
    rig.thread.start()
    for _ in range(3):
        rig.raw(bundle.build().dgram)
        assert len(rig.heard()) == MOST_AT_ONCE
    assert rig.stop.waits >= 2


def test_a_line_that_is_too_long_is_refused_in_a_short_one() -> None:
    with pytest.raises(InputError, match="OSC '/lstm/style': 60006 characters are too many, 1000 are allowed"):
        command_line("/lstm/style", ["x" * 60_000])


def test_by_default_programs_of_this_machine_alone_are_heard(rig: Rig) -> None:
    assert rig.osc.address[0] == "127.0.0.1"


def test_a_flood_of_wrong_commands_is_complained_about_a_few_times() -> None:
    said: list[str] = []
    all_put = threading.Event()

    def put(line: str, complain: Callable[[str], None]) -> None:
        if line == "end":
            all_put.set()
        complain(f"{line} is unknown")

    osc = OscInput("0", said.append)
    client = SimpleUDPClient(*osc.address)
    with ControlInputs(lambda turn, knobs: None, osc).heard(put):
        for number in range(MOST_TOLD * 2):
            client.send_message("/lstm/nothing", number)
            client.send_message("/lstm/nothing", 0)
        while not all_put.wait(0.1):
            client.send_message("/lstm/end", [])
    client.close()
    osc.close()
    assert 0 < len(said) == len(set(said)) <= MOST_TOLD
