"""Windows: which port is meant, at which a DAW hears it, and what is said, from pretended lists of ports.

The names are those that Microsoft's documentation gives, with the number that RtMidi appends. No Windows was tried.
"""

from collections.abc import Callable

import pytest

from lstm_composer.runtime.errors import MissingError
from lstm_composer.runtime.ports import backends, rtmidi, rtmidi_binding
from lstm_composer.runtime.ports.loopbacks import find_port, heard_at, input_beside
from lstm_composer.runtime.ports.rtmidi import open_loopback

SYNTH = "Microsoft GS Wavetable Synth 0"
LOOPMIDI = [SYNTH, "LSTM Composer in 1", "LSTM Composer 2"]
BASIC = [SYNTH, "Default Basic App Loopback 1", "LSTM Composer 2", "LSTM Composer in 3"]
PAIR = [SYNTH, "Default App Loopback (A) 1", "Default App Loopback (B) 2", "LSTM Composer (B) 3", "LSTM Composer (A) 4"]

NONE = 'none has "LSTM Composer" in its name: make one of that name in Windows\' MIDI settings or with loopMIDI'


@pytest.mark.parametrize(
    ("names", "wanted", "found"),
    [
        ([], "LSTM Composer", None),
        ([SYNTH], "LSTM Composer", None),
        (LOOPMIDI, "LSTM Composer", "LSTM Composer 2"),
        (LOOPMIDI, "LSTM Composer in", "LSTM Composer in 1"),
        (BASIC, "lstm composer", "LSTM Composer 2"),
        (BASIC, "basic", "Default Basic App Loopback 1"),
        (PAIR, "LSTM Composer", "LSTM Composer (A) 4"),
        (PAIR, "LSTM Composer (B)", "LSTM Composer (B) 3"),
        (PAIR, "Default App Loopback", "Default App Loopback (A) 1"),
        (PAIR, "Loopback", "Default App Loopback (A) 1"),
        (["IAC Driver Bus 1", "IAC Driver Bus 2"], "IAC Driver Bus 2", "IAC Driver Bus 2"),
    ],
)
def test_which_port_is_meant(names: list[str], wanted: str, found: str | None) -> None:
    index = find_port(names, wanted)
    assert (None if index is None else names[index]) == found


@pytest.mark.parametrize(
    ("output", "heard", "beside"),
    [
        ("LSTM Composer 2", "LSTM Composer", "LSTM Composer in"),
        ("LSTM Composer (A) 4", "LSTM Composer (B)", "LSTM Composer (A)"),
        ("LSTM Composer (B) 3", "LSTM Composer (A)", "LSTM Composer (B)"),
        ("Bus (AB) 3", "Bus (AB)", "Bus (AB) in"),
    ],
)
def test_where_a_daw_hears_us_and_we_it(output: str, heard: str, beside: str) -> None:
    assert (heard_at(output), input_beside(output)) == (heard, beside)


class FakeClient:
    """A client of a Windows with the ports of `names`; `opened` is the place of the one that it is connected with."""

    names: list[str]

    def __init__(self, backend: str, client_name: str) -> None:
        assert backend == "windows"
        self.opened: int | None = None

    def port_names(self) -> list[str]:
        return self.names

    def open_port(self, index: int) -> None:
        self.opened = index

    def receive(self, on_data: Callable[[bytes], None]) -> None:
        assert callable(on_data)

    def close(self) -> None:
        self.opened = None


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], None]:
    def has(names: list[str]) -> None:
        monkeypatch.setattr(FakeClient, "names", names, raising=False)

    for side in ("MidiIn", "MidiOut"):
        monkeypatch.setattr(rtmidi, side, FakeClient)
    monkeypatch.setattr(rtmidi_binding, "is_built_in", lambda backend: True)
    return has


@pytest.mark.parametrize(
    ("names", "described", "listens_to"),
    [
        (LOOPMIDI, "LSTM Composer", "LSTM Composer in 1"),
        (BASIC, "LSTM Composer", "LSTM Composer in 3"),
        (PAIR, "LSTM Composer (B)", "LSTM Composer (A) 4"),
    ],
)
def test_a_port_by_its_name_works_with_both(
    windows: Callable[[list[str]], None], names: list[str], described: str, listens_to: str
) -> None:
    windows(names)
    with open_loopback("LSTM Composer") as port:
        assert port.describe() == f'Windows MIDI: connect "{described}" to the track that is to play'
        assert port.listen(lambda *_: None) == listens_to


def test_without_a_loopback_it_says_how_to_make_one(windows: Callable[[list[str]], None]) -> None:
    windows([SYNTH])
    with pytest.raises(MissingError, match="make one of that name in Windows' MIDI settings or with loopMIDI, or name"):
        open_loopback("LSTM Composer")
    windows([SYNTH, "LSTM Composer 1"])
    with (
        open_loopback("LSTM Composer") as port,
        pytest.raises(MissingError, match=r"'LSTM Composer in' in its name.* or play with --sync internal"),
    ):
        port.listen(lambda *_: None)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (
            [],
            f"ports to send to: none at all; {NONE}",
        ),
        (
            ["Default App Loopback (A) 0"],
            f"ports to send to: Default App Loopback (A) 0; {NONE}",
        ),
        (
            LOOPMIDI,
            f'ports to send to: {", ".join(LOOPMIDI)}; what goes to "LSTM Composer" a DAW hears at "LSTM Composer"',
        ),
        (
            PAIR,
            f'ports to send to: {", ".join(PAIR)}; what goes to "LSTM Composer (A)" a DAW hears at "LSTM Composer (B)"',
        ),
    ],
)
def test_what_doctor_says(windows: Callable[[list[str]], None], names: list[str], says: str) -> None:
    windows(names)
    status = backends._status("windows")
    assert (status.ok, status.detail) == (True, says)
