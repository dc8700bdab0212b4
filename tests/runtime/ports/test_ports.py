"""Ports without a MIDI system: the contract of every port, names, and what is said about what is missing."""

import sys
import uuid
from importlib.util import find_spec
from pathlib import Path

import pytest

from lstm_composer.runtime.errors import ComposerError, InputError, MissingError
from lstm_composer.runtime.midi.messages import Kind, Message
from lstm_composer.runtime.midi.systems import BACKENDS
from lstm_composer.runtime.ports import NoMidiSystemError, NullPort, available_backends, backends, open_port
from lstm_composer.runtime.ports.base import NoTargetError
from lstm_composer.runtime.ports.loopbacks import find_port
from lstm_composer.runtime.testing import FakeClock, RecordingPort

MESSAGE = Message(0, Kind.NOTE_ON, 1, 60, 64)
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="asks for Linux's MIDI systems")


@pytest.fixture
def silent_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with neither ALSA's sequencer nor a JACK server."""
    monkeypatch.setattr(backends, "_ALSA_SEQUENCER", tmp_path / "seq")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", f"none-{uuid.uuid4().hex[:8]}")


def test_a_port_is_closed_once() -> None:
    port = RecordingPort(name="here")
    with port:
        port.send(MESSAGE, 0.0)
    port.close()
    assert port.closings == 1


def test_a_closed_port_takes_no_message() -> None:
    port = RecordingPort(name="here")
    port.close()
    with pytest.raises(ValueError, match="port 'here' is closed"):
        port.send(MESSAGE, 0.0)


def test_the_null_port_takes_time_from_its_clock() -> None:
    clock = FakeClock(7.0)
    with NullPort("nowhere", clock) as port:
        assert port.send(MESSAGE, 6.0) == 7.0
        assert port.discard_pending() == []
        assert port.lead_seconds == 0.0
        assert "\n" not in port.describe()


def test_the_backend_none_is_always_there() -> None:
    with open_port("none", "LSTM Composer") as port:
        assert isinstance(port, NullPort)


def test_an_unknown_backend_is_told_with_those_that_are() -> None:
    with pytest.raises(InputError, match="backend 'oss' is unknown: choose one of auto, alsa, jack, coremidi"):
        open_port("oss", "LSTM Composer")


@pytest.mark.parametrize("name", ["", "a:b", "x" * 64, "ü" * 32, "two\nlines"])
def test_a_name_that_cannot_be_a_ports(name: str) -> None:
    with pytest.raises(InputError, match="is not allowed: give 1 to 63 bytes"):
        open_port("none", name)


@pytest.mark.parametrize("name", ["x", "LSTM Composer", "x" * 63, "Künstler"])
def test_a_name_that_can(name: str) -> None:
    with open_port("none", name) as port:
        assert port.name == name


@pytest.mark.parametrize(
    ("names", "wanted", "index"),
    [
        ([], "LSTM", None),
        (["Microsoft GS Wavetable Synth 0", "LSTM Composer 1"], "LSTM Composer", 1),
        (["lstm composer 3"], "LSTM Composer", 0),
        (["Microsoft GS Wavetable Synth 0"], "LSTM Composer", None),
    ],
)
def test_find_port(names: list[str], wanted: str, index: int | None) -> None:
    assert find_port(names, wanted) == index


@ON_LINUX
@pytest.mark.usefixtures("silent_machine")
@pytest.mark.parametrize("backend", ["alsa", "jack", "jack-client", "coremidi", "windows"])
def test_a_named_backend_that_is_missing_is_told_in_one_line(backend: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MissingError, match=r"choose another --backend|install") as caught:
        open_port(backend, "LSTM Composer")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def no_libjack(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with JACK-Client and without the library that it loads."""
    if find_spec("jack") is None:
        pytest.skip("needs JACK-Client")
    for name in ("jack", "lstm_composer.runtime.ports.jack"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)


@pytest.mark.usefixtures("no_libjack")
@pytest.mark.parametrize("backend", ["jack", "jack-client"])
def test_a_missing_libjack_is_told_with_its_packages(backend: str) -> None:
    with pytest.raises(MissingError, match=r"libjack is not installed: install libjack-jackd2-0 \(Debian, Ubuntu\), "):
        open_port(backend, "LSTM Composer")


def test_jack_without_its_package_is_told_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jack", None)
    monkeypatch.delitem(sys.modules, "lstm_composer.runtime.ports.jack", raising=False)
    with pytest.raises(MissingError, match=r'^JACK needs JACK-Client: pip install "lstm-composer\[jack\]", or choose'):
        open_port("jack", "LSTM Composer")


@pytest.mark.parametrize("backend", ["jack-rtmidi", "JACK"])
def test_there_is_one_jack(backend: str) -> None:
    with pytest.raises(InputError, match=f"backend '{backend}' is unknown: choose one of auto, alsa, jack, coremidi"):
        open_port(backend, "LSTM Composer")


@ON_LINUX
@pytest.mark.usefixtures("silent_machine", "no_libjack")
def test_the_doctor_tells_of_a_missing_libjack() -> None:
    assert "libjack is not installed" in {one.name: one for one in available_backends()}["jack"].detail


@ON_LINUX
@pytest.mark.usefixtures("silent_machine")
def test_auto_without_any_system_can_be_told_from_other_errors(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NoMidiSystemError, match=r"no MIDI system found .*--backend none") as caught:
        open_port("auto", "LSTM Composer")
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ComposerError)
    assert capfd.readouterr() == ("", "")


@ON_LINUX
@pytest.mark.usefixtures("silent_machine")
def test_the_doctor_says_what_is_missing() -> None:
    status = {one.name: one for one in available_backends()}
    assert [(name, one.ok) for name, one in status.items()] == [("alsa", False), ("jack", False), ("none", True)]
    assert all(one.detail and "\n" not in one.detail for one in status.values())
    assert set(status) <= set(BACKENDS)


class FakeOut:
    """A client of a MIDI system that has two ports of others."""

    opened: list[object]

    def __init__(self, backend: str, client_name: str) -> None:
        self.opened = [backend, client_name]

    def port_names(self) -> list[str]:
        return ["Midi Through 14:0", "FLUID Synth 128:0"]

    def open_port(self, index: int) -> None:
        self.opened.append(index)

    def open_virtual_port(self, name: str) -> None:
        self.opened.append(name)

    def close(self) -> None:
        self.opened.append("closed")


@pytest.fixture
def two_ports(monkeypatch: pytest.MonkeyPatch) -> list[FakeOut]:
    """Clients that were made of a CoreMIDI with two ports of others."""
    made: list[FakeOut] = []

    def make(_kind: object, backend: str, name: str) -> FakeOut:
        made.append(FakeOut(backend, name))
        return made[-1]

    monkeypatch.setattr("lstm_composer.runtime.ports.rtmidi._new_client", make)
    monkeypatch.setattr(backends, "_AUTO_ORDER", dict.fromkeys(("linux", "darwin", "win32"), ("coremidi", "jack")))
    return made


def test_a_port_of_another_program_is_played_into(two_ports: list[FakeOut]) -> None:
    with open_port("auto", "LSTM Composer", target="fluid") as port:
        assert port.describe() == 'CoreMIDI: plays into "FLUID Synth 128:0"'
    assert two_ports[-1].opened == ["coremidi", "LSTM Composer", 1, "closed"]
    with open_port("coremidi", "LSTM Composer") as port:
        assert port.describe().startswith("CoreMIDI: connect")
    assert backends.target_names() == ["Midi Through 14:0", "FLUID Synth 128:0"]


def test_a_port_that_is_not_there_is_told_with_those_that_are(two_ports: list[FakeOut]) -> None:
    said = "no MIDI port has 'piano' in its name; this machine has Midi Through 14:0, FLUID Synth 128:0: name one"
    for backend in ("auto", "coremidi"):
        with pytest.raises(NoTargetError, match=said):
            open_port(backend, "LSTM Composer", target="piano")
    assert two_ports[-1].opened[-1] == "closed"


def test_nothing_can_be_connected_to_no_port() -> None:
    with pytest.raises(InputError, match="--connect needs a MIDI system, and --backend none is none"):
        open_port("none", "LSTM Composer", target="x")
    assert backends.target_names() == []
