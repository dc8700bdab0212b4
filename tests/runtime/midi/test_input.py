"""What bytes that come in mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.midi.input import (
    CLOCK_STATUS,
    CONTROL_STATUS,
    PLAYING_STATUS,
    ActiveSensing,
    ChannelPressure,
    Continue,
    ControlChange,
    KeyPressure,
    NoteOff,
    NoteOn,
    PitchBend,
    ProgramChange,
    Pulse,
    SongPosition,
    Start,
    Stop,
    SystemReset,
    decode,
)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("80 3C 40", NoteOff(1, 60, 64)),
        ("90 3C 40", NoteOn(1, 60, 64)),
        ("9F 00 01", NoteOn(16, 0, 1)),
        ("90 3C 00", NoteOff(1, 60, 0)),  # as many keyboards send it
        ("A1 3C 10", KeyPressure(2, 60, 16)),
        ("B2 07 7F", ControlChange(3, 7, 127)),
        ("C3 05", ProgramChange(4, 5)),
        ("D4 06", ChannelPressure(5, 6)),
        ("E5 00 40", PitchBend(6, 8192)),
        ("F2 01 02", SongPosition(257)),
        ("F8", Pulse()),
        ("FA", Start()),
        ("FB", Continue()),
        ("FC", Stop()),
        ("FE", ActiveSensing()),
        ("FF", SystemReset()),
        ("B0 8B FF", ControlChange(1, 11, 127)),  # the highest bit does not count
    ],
)
def test_messages(message: str, expected: object) -> None:
    assert decode(bytes.fromhex(message)) == expected


@pytest.mark.parametrize(
    "message",
    [
        *("", "3C 40", "7F 3C 40", "90", "90 3C", "90 3C 40 00", "C0", "C0 05 05", "D0 06 06"),  # broken
        *("F0", "F0 7E F7", "F0 7E 7F 09 01 F7", "F1 00", "F2", "F2 01", "F3 01", "F6", "F7", "F9", "FD"),
        *("F8 00", "FF 00"),
    ],
)
def test_what_is_passed_over(message: str) -> None:
    assert decode(bytes.fromhex(message)) is None


@given(st.binary(max_size=4))
def test_whatever_comes_its_fields_are_in_range(message: bytes) -> None:
    found = decode(message)
    if found is None:
        return
    fields = {name: getattr(found, name) for name in found.__slots__}
    assert 1 <= fields.pop("channel", 1) <= 16
    assert all(0 <= value <= (127 if len(fields) > 1 else 16383) for value in fields.values())


@given(st.binary(min_size=1, max_size=3))
def test_what_is_routed_by_its_first_byte_is_what_it_is_decoded_to(message: bytes) -> None:
    match decode(message):
        case Pulse() | Start() | Continue() | Stop() | SongPosition():
            assert message[0] in CLOCK_STATUS - PLAYING_STATUS - CONTROL_STATUS
        case NoteOff() if message[0] < 0x90:
            assert message[0] in PLAYING_STATUS - CONTROL_STATUS
        case ActiveSensing() | SystemReset():
            assert message[0] in PLAYING_STATUS - CONTROL_STATUS - CLOCK_STATUS
        case None:
            pass
        case _:
            assert message[0] in PLAYING_STATUS & CONTROL_STATUS


@pytest.mark.parametrize("message", ["A1 3C 10", "D1 10"])
def test_how_hard_keys_are_pressed(message: str) -> None:
    found = decode(bytes.fromhex(message))
    assert isinstance(found, KeyPressure | ChannelPressure)
    assert (found.channel, found.pressure) == (2, 16)
