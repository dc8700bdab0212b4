"""What the rest of the package sees of either binding of RtMidi, played by a binding that does as it is told."""

import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.ports import NoMidiSystemError, open_port, rtmidi_binding
from lstm_composer.runtime.ports.rtmidi_binding import MidiIn, MidiOut, RtMidiError, is_built_in

MODULE = "supriya_midi" if sys.version_info >= (3, 13) else "rtmidi"


class BindingsOwnError(Exception):
    """What both bindings call RtMidiError."""


class FakeClient:
    """A client among the ports "one" and one whose name is no UTF-8; `refused` are the calls that fail."""

    refused: frozenset[str] = frozenset()

    def __init__(self, api: object, name: str) -> None:
        self._refuse("__init__")
        self.api, self.name = api, name
        self.calls: list[tuple[object, ...]] = []
        self.callback: Callable[..., None] = lambda *_: None

    def _refuse(self, call: str) -> None:
        if call in self.refused:
            raise BindingsOwnError(f"{call} is refused")

    def get_port_count(self) -> int:
        self._refuse("get_port_count")
        return 2

    def get_port_name(self, index: int) -> str:
        return "one" if index == 0 else b"two \xfc".decode()

    def ignore_types(self, *what: bool) -> None:
        self.calls.append(("ignore_types", *what))

    def set_callback(self, callback: Callable[..., None]) -> None:
        self.callback = callback

    def __getattr__(self, call: str) -> Callable[..., None]:
        self._refuse(call)
        return lambda *arguments: self.calls.append((call, *arguments))


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> list[FakeClient]:
    """Clients of the fake binding, as they are made."""
    made: list[FakeClient] = []

    def make(api: object, name: str) -> FakeClient:
        made.append(FakeClient(api, name))
        return made[-1]

    fake = SimpleNamespace(MidiOut=make, MidiIn=make, RtMidiError=BindingsOwnError)
    monkeypatch.setattr(rtmidi_binding, "_binding", lambda: fake)
    monkeypatch.setattr(rtmidi_binding, "_api", lambda backend: f"API of {backend}")
    monkeypatch.setattr(FakeClient, "refused", frozenset())
    return made


@pytest.fixture
def no_binding(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine on which the binding cannot be imported."""
    monkeypatch.setitem(sys.modules, MODULE, None)
    rtmidi_binding._binding.cache_clear()
    yield
    rtmidi_binding._binding.cache_clear()


def test_a_client_is_made_for_a_system_and_has_a_name(clients: list[FakeClient]) -> None:
    MidiOut("alsa", "LSTM Composer").send((0x90, 60, 64))
    assert [(one.api, one.name, one.calls) for one in clients] == [
        ("API of alsa", "LSTM Composer", [("send_message", (0x90, 60, 64))])
    ]


def test_a_name_in_another_encoding_can_be_read(clients: list[FakeClient]) -> None:
    assert MidiIn("alsa", "names").port_names() == ["one", "two \N{REPLACEMENT CHARACTER}"]


@pytest.mark.parametrize("kind", [MidiIn, MidiOut])
@pytest.mark.parametrize(("refused", "left"), [("__init__", []), ("get_port_count", [[("delete",)]])])
def test_a_system_that_does_not_run_is_told_at_once_and_nothing_is_left(
    clients: list[FakeClient], kind: type[MidiIn | MidiOut], refused: str, left: list[object]
) -> None:
    FakeClient.refused = frozenset({refused})
    with pytest.raises(RtMidiError, match=f"{refused} is refused"):
        kind("alsa", "LSTM Composer")
    assert [one.calls for one in clients] == left


@pytest.mark.parametrize(("call", "argument"), [("open_virtual_port", "here"), ("open_port", 1)])
def test_a_refusal_comes_as_one_error(clients: list[FakeClient], call: str, argument: object) -> None:
    client = MidiOut("alsa", "LSTM Composer")
    getattr(client, call)(argument)
    FakeClient.refused = frozenset({call})
    with pytest.raises(RtMidiError, match=f"{call} is refused"):
        getattr(client, call)(argument)


def test_closing_closes_the_port_and_deletes_the_client(clients: list[FakeClient]) -> None:
    MidiIn("alsa", "LSTM Composer").close()
    assert clients[0].calls == [("close_port",), ("delete",)]


@pytest.mark.parametrize(
    ("binding", "arguments"),
    [("python-rtmidi", (([0x90, 60, 64], 0.5), None)), ("supriya-midi", ([0x90, 60, 64], 0.5, None))],
)
def test_what_comes_in_is_handed_over_as_bytes(
    clients: list[FakeClient], monkeypatch: pytest.MonkeyPatch, binding: str, arguments: tuple[Any, ...]
) -> None:
    monkeypatch.setattr(rtmidi_binding, "NAME", binding)
    received: list[bytes] = []
    MidiIn("alsa", "LSTM Composer").receive(received.append)
    clients[0].callback(*arguments)
    assert received == [b"\x90\x3c\x40"]
    assert clients[0].calls == [("ignore_types", True, False, False)]  # clocks are wanted, and active sensing


def test_the_binding_of_this_python_knows_its_systems() -> None:
    known = {"linux": "alsa", "darwin": "coremidi", "win32": "windows"}
    assert {system for system in known.values() if is_built_in(system)} == {known[sys.platform]}


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("libasound.so.2: cannot open shared object file", "install the system's ALSA library"),
        ("No module named 'rtmidi'", f"pip install {rtmidi_binding.NAME}"),
    ],
)
def test_a_binding_that_cannot_be_loaded_is_told_with_a_remedy(reason: str, remedy: str) -> None:
    assert rtmidi_binding._remedy(reason).startswith(remedy)


@pytest.mark.usefixtures("no_binding")
@pytest.mark.parametrize("backend", ["windows", "coremidi"])
def test_without_the_binding_a_backend_is_missing(backend: str) -> None:
    with pytest.raises(MissingError, match=rf"^{rtmidi_binding.NAME} cannot be loaded \(.*\): pip install "):
        open_port(backend, "LSTM Composer")


@pytest.mark.usefixtures("no_binding")
def test_without_the_binding_playing_can_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lstm_composer.runtime.ports.backends._AUTO_ORDER", {sys.platform: ("coremidi",)})
    with pytest.raises(NoMidiSystemError, match="no MIDI system found"):
        open_port("auto", "LSTM Composer")
