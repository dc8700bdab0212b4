"""What is heard of a MIDI file, against mido's messages played on one keyboard."""

import io
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.midi.reader import LONGEST_HELD_TICKS, MidiMusic, music_of, read_music
from lstm_composer.runtime.midi.smf import parse_midi
from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import Meter, Note, without_overlaps
from tests.support.quick import examples

Event = Any
"""A message or a meta message of mido, which has no types."""


def on(time: int, note: int = 60, velocity: int = 64, channel: int = 0) -> mido.Message:
    return mido.Message("note_on", time=time, note=note, velocity=velocity, channel=channel)


def off(time: int, note: int = 60, channel: int = 0) -> mido.Message:
    return mido.Message("note_off", time=time, note=note, channel=channel)


def control(time: int, number: int, value: int = 0, channel: int = 0) -> mido.Message:
    return mido.Message("control_change", time=time, control=number, value=value, channel=channel)


def pedal(time: int, value: int, channel: int = 0) -> mido.Message:
    return control(time, 64, value, channel)


def tempo(time: int, bpm: float) -> mido.MetaMessage:
    return mido.MetaMessage("set_tempo", time=time, tempo=mido.bpm2tempo(bpm))


def meter(time: int, numerator: int, denominator: int) -> mido.MetaMessage:
    return mido.MetaMessage("time_signature", time=time, numerator=numerator, denominator=denominator)


def text(time: int) -> mido.MetaMessage:
    return mido.MetaMessage("text", time=time, text="here")


def file_of(*tracks: Sequence[Event], kind: int = 1) -> bytes:
    file = mido.MidiFile(type=kind, ticks_per_beat=24)
    file.tracks += [mido.MidiTrack(track) for track in tracks]
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def heard(*tracks: Sequence[Event], kind: int = 1) -> MidiMusic:
    return music_of(parse_midi(file_of(*tracks, kind=kind)))


def lengths(*tracks: Sequence[Event]) -> list[tuple[int, int, int]]:
    return [(note.onset, note.pitch, note.duration) for note in heard(*tracks).notes]


class Keyboard:
    """One channel, played message by message; the rules are those that the module's docstring names."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.key: dict[int, tuple[int, int]] = {}  # held: onset, velocity
        self.let_go: dict[int, tuple[int, int, bool]] = {}  # released, may be released later still: onset, velocity
        self.ends: dict[int, int | None] = {}  # of these: where they end, None while the pedal holds them
        self.pedal = False

    def _finish(self, pitch: int, tick: int) -> None:
        onset, velocity, _ = self.let_go.pop(pitch)
        end = self.ends.pop(pitch)
        self.notes.append(Note(onset, pitch, self._within(onset, end, tick), velocity))

    def _within(self, onset: int, end: int | None, now: int) -> int:
        return max(1, (now if end is None else end) - onset)

    def play(self, tick: int, message: mido.Message) -> None:
        if message.type == "note_on" and message.velocity:
            self._strike(tick, message.note, message.velocity)
        elif message.type in ("note_on", "note_off"):
            self._release(tick, message.note)
        elif message.type == "control_change":
            self._control(tick, message.control, message.value)

    def _strike(self, tick: int, pitch: int, velocity: int) -> None:
        if pitch in self.let_go:
            self._finish(pitch, tick)
        if pitch in self.key:
            onset, before = self.key.pop(pitch)
            if tick > onset:
                self.notes.append(Note(onset, pitch, tick - onset, before))
        self.key[pitch] = (tick, velocity)

    def _release(self, tick: int, pitch: int, *, final: bool = False) -> None:
        if pitch in self.key:
            onset, velocity = self.key.pop(pitch)
            self.let_go[pitch] = (onset, velocity, final)
        elif pitch not in self.let_go or self.let_go[pitch][2]:
            return
        self.ends[pitch] = None if self.pedal else tick

    def _control(self, tick: int, number: int, value: int) -> None:
        if number == 120 or number >= 123:
            for pitch in list(self.key):
                self._release(tick, pitch, final=True)
        if (number == 64 and value < 64) or number in (120, 121):
            for pitch, end in self.ends.items():
                self.ends[pitch] = tick if end is None else end
        if number == 64:
            self.pedal = value >= 64
        if number == 121:
            self.pedal = False

    def close(self, tick: int) -> list[Note]:
        for pitch in list(self.let_go):
            self._finish(pitch, tick)
        for pitch, (onset, velocity) in self.key.items():
            if tick > onset:
                self.notes.append(Note(onset, pitch, min(tick - onset, LONGEST_HELD_TICKS), velocity))
        return self.notes


def oracle(data: bytes) -> list[Note]:
    """Play mido's messages, those of all tracks in the order of time, on one keyboard a channel."""
    file = mido.MidiFile(file=io.BytesIO(data))
    keyboards: dict[int, Keyboard] = defaultdict(Keyboard)
    tick = 0
    for message in mido.merge_tracks(file.tracks):
        tick += message.time
        if not message.is_meta and message.channel != 9:
            keyboards[message.channel].play(tick, message)
    return without_overlaps(note for keyboard in keyboards.values() for note in keyboard.close(tick))


CASES: dict[str, tuple[list[Sequence[Event]], list[tuple[int, int, int]]]] = {
    "a note": ([[on(0), off(24)]], [(0, 60, 24)]),
    "a velocity of 0 is a note-off": ([[on(0), on(24, velocity=0)]], [(0, 60, 24)]),
    "a lost note-off": ([[on(0), on(48), off(24), on(24), off(24)]], [(0, 60, 48), (48, 60, 24), (96, 60, 24)]),
    "struck twice, let go of once": ([[on(0), on(0), off(24), on(24), off(24)]], [(0, 60, 24), (48, 60, 24)]),
    "two voices in unison": ([[on(0), off(24)], [on(0), off(48)]], [(0, 60, 48)]),
    "a voice within another": ([[on(0), off(48)], [on(12), off(12)]], [(0, 60, 12), (12, 60, 36)]),
    "a note-off before all": ([[off(0), on(0), off(24)]], [(0, 60, 24)]),
    "never let go of": ([[on(0), on(0, 62), off(24, 62), text(24)]], [(0, 60, 48), (0, 62, 24)]),
    "never let go of for long": ([[on(0), text(9999)]], [(0, 60, LONGEST_HELD_TICKS)]),
    "held for longer than that": ([[on(0), off(999)]], [(0, 60, 999)]),
    "the note-off in another track": ([[on(0), on(24, 62)], [off(24), off(24, 62)]], [(0, 60, 24), (24, 62, 24)]),
    "the note-off for another channel": ([[on(0), off(24, channel=1), off(24)]], [(0, 60, 48)]),
    "pedal": ([[pedal(0, 127), on(0), off(6), pedal(42, 0)]], [(0, 60, 48)]),
    "pedal in another track": ([[on(0), off(6)], [pedal(0, 64), pedal(48, 63)]], [(0, 60, 48)]),
    "pedal of another channel": ([[on(0), off(6)], [pedal(0, 127, 1), pedal(48, 0, 1)]], [(0, 60, 6)]),
    "pedal after a change of program": (
        [[pedal(0, 127), mido.Message("program_change", program=5), on(0), off(6), pedal(42, 0)]],
        [(0, 60, 48)],
    ),
    "pedal pressed after the note": ([[on(0), off(6), pedal(1, 127), pedal(42, 0)]], [(0, 60, 6)]),
    "pedal changed under a note": (
        [[pedal(0, 127), on(0), off(6), pedal(6, 0), pedal(0, 127), text(9)]],
        [(0, 60, 12)],
    ),
    "struck again under the pedal": (
        [[pedal(0, 127), on(0), off(6), on(18), off(6), pedal(18, 0)]],
        [(0, 60, 24), (24, 60, 24)],
    ),
    "a pedal never lifted": ([[pedal(0, 127), on(0), off(6), text(9999)]], [(0, 60, LONGEST_HELD_TICKS)]),
    "a pedal down to the end": ([[pedal(0, 127), on(0), off(6), text(90)]], [(0, 60, 96)]),
    "reset all controllers lifts the pedal": (
        [[pedal(0, 127), on(0), off(6), control(18, 121), text(99)]],
        [(0, 60, 24)],
    ),
    "all notes off": ([[on(0), control(24, 123), on(24), control(24, 123)]], [(0, 60, 24), (48, 60, 24)]),
    "all notes off long after the note": ([[on(0), off(24), text(0), control(99, 123)]], [(0, 60, 24)]),
    "all notes off under the pedal": ([[pedal(0, 127), on(0), control(24, 123), pedal(24, 0)]], [(0, 60, 48)]),
    "all sound off under the pedal": ([[pedal(0, 127), on(0), off(12), control(12, 120), text(99)]], [(0, 60, 24)]),
    "mode messages end notes": ([[on(0), control(24, 126), off(99)]], [(0, 60, 24)]),
    "drums are no notes": ([[on(0, 36, channel=9), off(6, 36, channel=9), on(0), off(24)]], [(6, 60, 24)]),
}


@pytest.mark.parametrize(("tracks", "expected"), CASES.values(), ids=CASES.keys())
def test_a_case_is_heard(tracks: list[Sequence[Event]], expected: list[tuple[int, int, int]]) -> None:
    assert lengths(*tracks) == expected


@pytest.mark.parametrize("name", [name for name in CASES if "long" not in name and "never" not in name])
def test_the_oracle_hears_the_same(name: str) -> None:
    data = file_of(*CASES[name][0])
    assert oracle(data) == music_of(parse_midi(data)).notes


PITCHES = st.sampled_from([60, 60, 60, 62, 64])
CHANNELS = st.sampled_from([0, 0, 0, 1, 9])
MESSAGES = st.one_of(
    st.builds(on, st.integers(0, 30), PITCHES, st.integers(1, 127), CHANNELS),
    st.builds(on, st.integers(0, 30), PITCHES, st.just(0), CHANNELS),
    st.builds(off, st.integers(0, 30), PITCHES, CHANNELS),
    st.builds(pedal, st.integers(0, 30), st.sampled_from([0, 63, 64, 127]), CHANNELS),
    st.builds(control, st.integers(0, 5), st.sampled_from([120, 121, 123, 126]), st.just(0), CHANNELS),
)


@settings(max_examples=examples(500))
@given(st.lists(st.lists(MESSAGES, max_size=12), min_size=1, max_size=3))
def test_any_messages_in_any_tracks_are_heard_as_on_one_keyboard(tracks: list[list[Event]]) -> None:
    data = file_of(*tracks)
    assert music_of(parse_midi(data)).notes == oracle(data)


@pytest.mark.parametrize("pitches", [range(128), range(21, 109)], ids=["all", "a piano's"])
def test_note_offs_for_all_pitches_end_what_is_held_and_nothing_else(pitches: range) -> None:
    everything = [off(0, pitch) for pitch in pitches]
    track = [on(0), off(24), on(0, 62), text(24), *everything, text(99)]
    assert lengths(track) == [(0, 60, 24), (24, 62, 24)]


def test_channels_of_other_ports_are_others() -> None:
    port = mido.MetaMessage("midi_port", port=1)
    assert lengths([pedal(0, 127), text(48)], [port, on(0), off(6)]) == [(0, 60, 6)]
    assert lengths([port, on(0, 36, channel=9), off(6, 36, channel=9)]) == []


def test_of_several_tempos_the_last_one_holds_and_slips_are_passed_over() -> None:
    music = heard([tempo(0, 60), tempo(0, 90), tempo(48, 100_000), tempo(0, 5), on(0), off(24)])
    assert [tick for tick, _ in music.tempos] == [0, 0]
    assert [bpm for _, bpm in music.tempos] == pytest.approx([60, 90], rel=1e-4)
    assert music.last_tempo_bpm == pytest.approx(90, rel=1e-4)


def test_a_tempo_after_the_last_note_is_none_of_the_music() -> None:
    assert heard([on(0), off(24), tempo(99, 60)]).last_tempo_bpm == 120


def test_bars_go_on_from_the_last_meter() -> None:
    music = heard([meter(0, 4, 4), meter(96, 3, 4), on(0), off(24)], [on(100), off(10)])
    assert music.next_bar() == (96 + 72, Meter(3, 4))
    assert heard([meter(0, 3, 4), on(0), off(72)]).next_bar() == (72, Meter(3, 4))


@pytest.mark.parametrize(("numerator", "denominator"), [(0, 4), (255, 4), (5, 64), (65, 8)])
def test_a_meter_that_is_none_is_passed_over(numerator: int, denominator: int) -> None:
    data = bytearray(file_of([meter(0, 3, 4), meter(0, 7, 64), on(0), off(24)]))
    place = data.index(b"\xff\x58\x04\x07")
    data[place + 3 : place + 5] = bytes((numerator, denominator.bit_length() - 1))
    assert music_of(parse_midi(bytes(data))).next_bar()[1] == Meter(3, 4)


def test_sequences_of_type_2_follow_one_another() -> None:
    music = heard([meter(0, 3, 4), on(0), off(24)], [tempo(0, 60), on(12, 62), off(24, 62)], kind=2)
    assert [(note.onset, note.pitch) for note in music.notes] == [(0, 60), (72 + 12, 62)]
    assert music.meters == [MeterChange(0, Meter(3, 4)), MeterChange(72, Meter(4, 4))]
    assert music.tempos == [(72, 60)]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_both_hands_last_as_long_whichever_track_has_the_pedal(place: int) -> None:
    hands = [[on(0, 72), off(6, 72)], [on(0, 48), off(6, 48)]]
    hands.insert(place, [pedal(1, 127), pedal(94, 0)])
    assert lengths(*hands) == [(0, 48, 95), (0, 72, 95)]


def test_a_file_that_is_none_has_its_reason(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        read_music(tmp_path / "none.mid")
    with pytest.raises(InputError, match="is a folder"):
        read_music(tmp_path)
    with (tmp_path / "huge.mid").open("wb") as file:
        file.truncate(1 << 33)
    with pytest.raises(InputError, match="too large: 8 MiB"):
        read_music(tmp_path / "huge.mid")
