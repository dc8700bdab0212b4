from collections.abc import Callable
from pathlib import Path

import mido
import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.midi.reader import LONGEST_HELD_TICKS
from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.trainer.formats.midi_reader import read_midi
from lstm_composer.trainer.pieces.piece import Piece

Track = list[mido.Message | mido.MetaMessage]
Reader = Callable[..., Piece]
Refusal = Callable[[bytes], str]


def on(time: int, note: int, velocity: int = 64, channel: int = 0) -> mido.Message:
    return mido.Message("note_on", time=time, note=note, velocity=velocity, channel=channel)


def off(time: int, note: int, channel: int = 0) -> mido.Message:
    return mido.Message("note_off", time=time, note=note, channel=channel)


def pedal(time: int, value: int, channel: int = 0) -> mido.Message:
    return mido.Message("control_change", time=time, control=64, value=value, channel=channel)


def meter(time: int, numerator: int, denominator: int) -> mido.MetaMessage:
    return mido.MetaMessage("time_signature", time=time, numerator=numerator, denominator=denominator)


def tempo(time: int, bpm: float) -> mido.MetaMessage:
    return mido.MetaMessage("set_tempo", time=time, tempo=mido.bpm2tempo(bpm))


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    def read(*tracks: Track, kind: int = 1, resolution: int = 24) -> Piece:
        file = mido.MidiFile(type=kind, ticks_per_beat=resolution)
        file.tracks.extend(mido.MidiTrack(track) for track in tracks)
        file.save(tmp_path / "a.mid")
        return read_midi(tmp_path / "a.mid", "a.mid")

    return read


@pytest.fixture
def refusal(tmp_path: Path) -> Refusal:
    def refusal(data: bytes) -> str:
        (tmp_path / "a.mid").write_bytes(data)
        with pytest.raises(InputError) as caught:
            read_midi(tmp_path / "a.mid", "a.mid")
        return str(caught.value)

    return refusal


SCALE = [on(0, 60), off(24, 60), on(0, 62), off(24, 62)]


@pytest.mark.parametrize("kind", [0, 1])
def test_a_single_track(read: Reader, kind: int) -> None:
    piece = read(SCALE, kind=kind)
    assert piece.notes == (Note(0, 60, 24, 64), Note(24, 62, 24, 64))
    assert piece.meters == (MeterChange(0, Meter(4, 4)),)
    assert (piece.name, piece.tempo_bpm, piece.performed, piece.part) == ("a.mid", 120.0, False, None)


def test_tracks_of_type_1_sound_together(read: Reader) -> None:
    assert [note.onset for note in read([on(0, 60), off(24, 60)], [on(0, 72), off(24, 72)]).notes] == [0, 0]


def test_sequences_of_type_2_follow_one_another_from_bar_line_to_bar_line(read: Reader) -> None:
    first = [meter(0, 3, 4), on(0, 60), off(24, 60)]
    second = [on(12, 62), off(24, 62)]
    piece = read(first, second, kind=2)
    assert piece.notes == (Note(0, 60, 24, 64), Note(72 + 12, 62, 24, 64))
    assert piece.meters == (MeterChange(0, Meter(3, 4)), MeterChange(72, Meter(4, 4)))


@pytest.mark.parametrize("resolution", [1, 24, 96, 100, 480, 19200])
def test_any_resolution(read: Reader, resolution: int) -> None:
    quarter = resolution
    piece = read([on(0, 60), off(quarter, 60), on(0, 62), off(2 * quarter, 62)], resolution=resolution)
    assert piece.notes == (Note(0, 60, 24, 64), Note(24, 62, 48, 64))


def test_a_resolution_off_our_grid_rounds_onsets_and_ends(read: Reader) -> None:
    piece = read([on(0, 60), off(33, 60), on(0, 62), off(1, 62)], resolution=100)
    assert piece.notes == (Note(0, 60, 8, 64), Note(8, 62, 1, 64))


def test_it_is_known_how_far_onsets_were_from_the_ticks(read: Reader) -> None:
    piece = read([on(0, 60), off(105, 60), on(0, 62), off(110, 62), on(0, 64), off(25, 64)], resolution=240)
    assert [note.onset for note in piece.notes] == [0, 11, 22]  # 10.5 and 21.5 ticks
    assert piece.timing.off_tick == pytest.approx((0 + 0.5 + 0.5) / 3)
    assert read(SCALE).timing.off_tick == 0


def test_it_is_known_how_long_a_piece_lasts_and_in_how_many_tempos(read: Reader) -> None:
    timing = read([tempo(0, 60), tempo(24, 120)], SCALE).timing
    assert timing.tempos == 2
    assert timing.seconds == pytest.approx(1.5)


def test_meters_and_the_longest_tempo(read: Reader) -> None:
    conductor = [meter(0, 6, 8), tempo(0, 90), meter(72, 3, 4), tempo(0, 60)]
    piece = read(conductor, [on(0, 60), off(60, 60), on(36, 62), off(144, 62)])
    assert piece.meters == (MeterChange(0, Meter(6, 8)), MeterChange(72, Meter(3, 4)))
    assert piece.tempo_bpm == 60.0


def test_a_meter_without_name_here_is_passed_over(read: Reader) -> None:
    assert read([meter(0, 3, 4), meter(72, 5, 64), *SCALE]).meters == (MeterChange(0, Meter(3, 4)),)


def test_velocities_are_kept(read: Reader) -> None:
    messages = [message for v in range(60, 70) for message in (on(0, v, v), off(24, v))]
    piece = read(messages)
    assert piece.performed
    assert [note.velocity for note in piece.notes] == list(range(60, 70))


@pytest.mark.parametrize(
    ("messages", "durations"),
    [
        pytest.param([pedal(0, 127), on(0, 60), off(24, 60), pedal(24, 0)], [48], id="held"),
        pytest.param([pedal(0, 63), on(0, 60), off(24, 60), pedal(24, 0)], [24], id="not down"),
        pytest.param([on(0, 60), pedal(12, 64), off(12, 60), pedal(24, 63)], [48], id="down after the onset"),
        pytest.param([on(0, 60), off(24, 60), pedal(0, 127), pedal(24, 0)], [24], id="down too late"),
        pytest.param([pedal(0, 127), on(0, 60), pedal(12, 0), off(12, 60)], [24], id="up before the end"),
        pytest.param([pedal(0, 127), on(0, 60), off(12, 60), pedal(6, 90), pedal(6, 0)], [24], id="half pedalling"),
        pytest.param(
            [pedal(0, 127), on(0, 60), off(12, 60), on(12, 60), off(12, 60), pedal(12, 0)], [24, 24], id="again"
        ),
        pytest.param([pedal(0, 127), on(0, 60), off(24, 60), on(0, 62), off(24, 62)], [48, 24], id="never up"),
        pytest.param([pedal(0, 127), on(0, 60), off(24, 60), pedal(9999, 0)], [LONGEST_HELD_TICKS], id="not for ever"),
        pytest.param([pedal(0, 127), on(0, 60), off(500, 60), pedal(96, 0)], [500], id="long by itself"),
    ],
)
def test_the_sustain_pedal(read: Reader, messages: Track, durations: list[int]) -> None:
    assert [note.duration for note in read(messages).notes] == durations


def test_a_pedal_holds_its_own_channel_only(read: Reader) -> None:
    piece = read([pedal(0, 127), on(0, 60), on(0, 72, channel=1), off(24, 60), off(0, 72, channel=1), pedal(24, 0)])
    assert [(note.pitch, note.duration) for note in piece.notes] == [(60, 48), (72, 24)]


def test_drums_are_left_out(read: Reader) -> None:
    assert [n.pitch for n in read([on(0, 60), on(0, 36, channel=9), off(24, 60), off(0, 36, channel=9)]).notes] == [60]


def test_drums_alone_are_no_music(read: Reader) -> None:
    with pytest.raises(InputError, match="drums only"):
        read([on(0, 36, channel=9), off(24, 36, channel=9)])


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_no_notes(read: Reader, kind: int) -> None:
    with pytest.raises(InputError, match="no notes"):
        read([tempo(0, 100)], kind=kind)


HEADER = b"MThd\0\0\0\6"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"MThd", "not a MIDI file"),
        (b"Dear diary, today I wrote no music.", "not a MIDI file"),
        (HEADER + b"\0\0\0\1\0\0", "0 ticks"),
        (HEADER + b"\0\0\0\1\xe7\x28", "SMPTE"),
        (HEADER + b"\0\1\0\1\0\x60MTrk\0\0\xff\xff\0\x90", "damaged"),
        (HEADER + b"\0\2\0\1\0\x60MTrk\0\0\xff\xff\0\x90", "damaged"),
        (HEADER + b"\0\0\0\0\0\x60", "no notes"),
    ],
)
def test_what_is_no_midi_file_is_refused_with_a_reason(refusal: Refusal, data: bytes, reason: str) -> None:
    assert reason in refusal(data)


def test_times_beyond_what_can_be_counted_are_refused(refusal: Refusal) -> None:
    later = b"\xff\xff\xff\x7f\x90\x3c\x40\1\x3c\0"
    track = later * 17 + b"\0\xff\x2f\0"
    assert "too large" in refusal(HEADER + b"\0\0\0\1\0\x60MTrk" + len(track).to_bytes(4) + track)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_midi(tmp_path / "b.mid", "b.mid")
