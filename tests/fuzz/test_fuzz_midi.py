"""MIDI files, whatever is in them: notes that a keyboard can play, or a reason in a few words."""

import io
import struct

import mido
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.midi.reader import FASTEST_BPM, SLOWEST_BPM, music_of
from lstm_composer.runtime.midi.smf import parse_midi
from lstm_composer.runtime.music.notes import without_overlaps
from lstm_composer.runtime.sound.render import read_timed_messages


def _good() -> bytes:
    file = mido.MidiFile(ticks_per_beat=96)
    file.tracks.append(
        mido.MidiTrack([
            mido.MetaMessage("set_tempo", tempo=600_000),
            mido.MetaMessage("time_signature", numerator=3, denominator=4),
            mido.MetaMessage("midi_port", port=1),
            mido.MetaMessage("key_signature", key="Eb"),
        ])
    )  # fmt: skip
    for channel in (0, 9):
        track = mido.MidiTrack([mido.Message("control_change", control=64, value=127, channel=channel)])
        for pitch in range(60, 66):
            track.append(mido.Message("note_on", note=pitch, velocity=pitch, channel=channel))
            track.append(mido.Message("note_off", note=pitch, time=96, channel=channel))
        track.append(mido.Message("sysex", data=(1, 2, 3)))
        track.append(mido.Message("control_change", control=123, channel=channel, time=9))
        file.tracks.append(track)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


GOOD = _good()
EDITS = st.lists(
    st.tuples(st.integers(0, len(GOOD) - 1), st.binary(max_size=6), st.integers(0, 6)), min_size=1, max_size=6
)
EVENTS = st.lists(st.one_of(st.integers(0, 255), st.sampled_from([0x90, 0x80, 0xB0, 0xFF, 0xF0, 0xF7, 0x40, 0x7B])))


def check(data: bytes) -> None:
    """Read as music and as sound; errors are of a few words."""
    try:
        music = music_of(parse_midi(data))
    except InputError as error:
        assert len(str(error)) < 150  # noqa: PT017 - whatever is raised
    else:
        assert music.notes == without_overlaps(music.notes)
        assert all(0 <= note.pitch < 128 and 1 <= note.velocity < 128 and note.onset >= 0 for note in music.notes)
        assert all(SLOWEST_BPM <= tempo <= FASTEST_BPM for _, tempo in music.tempos)
        assert music.next_bar()[0] >= max((note.end for note in music.notes), default=0)
    try:
        timed, seconds = read_timed_messages(data)
    except InputError as error:
        assert len(str(error)) < 150  # noqa: PT017 - whatever is raised
    else:
        assert 0 <= timed[-1][0] <= seconds


@settings(deadline=None)
@given(EDITS)
def test_a_file_that_was_tampered_with(edits: list[tuple[int, bytes, int]]) -> None:
    data = GOOD
    for place, inserted, removed in edits:
        data = data[:place] + inserted + data[place + removed :]
    check(data)


@settings(deadline=None)
@given(EVENTS, st.integers(0, 3), st.integers(0, 65535))
def test_any_events(events: list[int], kind: int, division: int) -> None:
    body = bytes(events)
    check(b"MThd" + struct.pack(">LHHH", 6, kind, 1, division) + b"MTrk" + struct.pack(">L", len(body)) + body)


@settings(deadline=None)
@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    check(data)
