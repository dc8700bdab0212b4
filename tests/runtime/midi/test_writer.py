"""MIDI files: what is written reads back, here and in other programs' libraries, and is the same each time."""

import io
from pathlib import Path

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.midi.reader import read_music
from lstm_composer.runtime.midi.writer import RESOLUTION, midi_bytes
from lstm_composer.runtime.music.notes import Meter, Note, end_of, without_overlaps

MUSIC = st.lists(
    st.builds(Note, st.integers(0, 200), st.integers(0, 127), st.integers(1, 100), st.integers(1, 127)), max_size=12
).map(without_overlaps)
METERS = st.builds(Meter, st.integers(1, 64), st.sampled_from([1, 2, 4, 8, 16, 32]))
SCORE = [
    Note(0, 60, 24, 80),
    Note(0, 64, 48, 81),
    Note(24, 60, 12, 90),
    Note(36, 60, 1, 1),
    Note(37, 67, 100, 127),
    Note(96, 0, 24, 64),
    Note(96, 127, 24, 64),
]


def written(path: Path, notes: list[Note], *, tempo_bpm: float = 120, meter: Meter | None = None) -> Path:
    path.write_bytes(midi_bytes(notes, tempo_bpm=tempo_bpm, meter=meter or Meter(), end_tick=end_of(notes)))
    return path


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("midi") / "music.mid"


@given(notes=MUSIC, tempo=st.integers(20, 400), meter=METERS)
def test_what_is_written_reads_back(scratch: Path, notes: list[Note], tempo: int, meter: Meter) -> None:
    music = read_music(written(scratch, notes, tempo_bpm=tempo, meter=meter))
    assert music.notes == notes
    [(tick, read_tempo)] = music.tempos
    assert tick == 0
    assert read_tempo == pytest.approx(tempo, rel=1e-5)
    assert music.next_bar()[1] == meter


@given(notes=MUSIC)
def test_the_same_music_gives_the_same_bytes_in_any_order(notes: list[Note]) -> None:
    first, second = (
        midi_bytes(order, tempo_bpm=100, meter=Meter(), end_tick=end_of(notes)) for order in (notes, notes[::-1])
    )
    assert first == second


def test_the_file_is_what_a_daw_expects() -> None:
    data = midi_bytes(SCORE, tempo_bpm=100, meter=Meter(6, 8), end_tick=144, channels=[10], name="bach")
    file = mido.MidiFile(file=io.BytesIO(data))
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, RESOLUTION, 2)
    conductor, music = file.tracks
    assert [message.type for message in conductor] == ["track_name", "set_tempo", "time_signature", "end_of_track"]
    assert (conductor[0].name, conductor[1].tempo) == ("bach", 600_000)
    assert (conductor[2].numerator, conductor[2].denominator) == (6, 8)
    assert (music[0].type, music[0].program) == ("program_change", 0)
    assert {message.channel for message in music if not message.is_meta} == {9}
    for track in file.tracks:
        assert track[-1].type == "end_of_track"
        assert sum(message.time for message in track) == 144 * RESOLUTION // 24


def test_a_note_ends_before_the_next_starts_on_its_pitch() -> None:
    data = midi_bytes([Note(0, 60, 24, 80), Note(24, 60, 24, 90)], tempo_bpm=120, meter=Meter(), end_tick=48)
    track = mido.MidiFile(file=io.BytesIO(data)).tracks[1]
    assert [message.type for message in track[1:5]] == ["note_on", "note_off", "note_on", "note_off"]


def test_music_of_no_notes_is_a_file_too(tmp_path: Path) -> None:
    assert read_music(written(tmp_path / "empty.mid", [])).notes == []


@pytest.mark.parametrize("name", ["bach", "Dvořák", "武満", ""])
def test_a_name_of_any_letters(tmp_path: Path, name: str) -> None:
    data = midi_bytes(SCORE, tempo_bpm=120, meter=Meter(), end_tick=144, name=name)
    assert mido.MidiFile(file=io.BytesIO(data), charset="utf-8").tracks[0][0].name == name
    (tmp_path / "named.mid").write_bytes(data)
    assert read_music(tmp_path / "named.mid").notes == SCORE


def test_symusic_reads_the_same(tmp_path: Path) -> None:
    symusic = pytest.importorskip("symusic")
    score = symusic.Score(written(tmp_path / "music.mid", SCORE, tempo_bpm=100, meter=Meter(3, 4)))
    found = [(n.time, n.pitch, n.duration, n.velocity) for track in score.tracks for n in track.notes]
    scale = RESOLUTION // 24
    assert score.ticks_per_quarter == RESOLUTION
    assert sorted(found) == [(n.onset * scale, n.pitch, n.duration * scale, n.velocity) for n in SCORE]
    assert [tempo.qpm for tempo in score.tempos] == pytest.approx([100])
    assert [(meter.numerator, meter.denominator) for meter in score.time_signatures] == [(3, 4)]
    assert [(track.program, track.is_drum) for track in score.tracks if track.notes] == [(0, False)]


def test_music21_reads_the_same(tmp_path: Path) -> None:
    music21 = pytest.importorskip("music21")
    score = music21.converter.parse(
        written(tmp_path / "music.mid", SCORE, tempo_bpm=100, meter=Meter(3, 4)), format="midi", quantizePost=False
    )
    found = sorted(
        (round(element.getOffsetInHierarchy(score) * 24), pitch.midi, round(element.quarterLength * 24))
        for element in score.stripTies().recurse().notes
        for pitch in element.pitches
    )
    assert found == [(note.onset, note.pitch, note.duration) for note in SCORE]
    assert [mark.number for mark in score.recurse().getElementsByClass("MetronomeMark")] == [100]
    assert {meter.ratioString for meter in score.recurse().getElementsByClass("TimeSignature")} == {"3/4"}


def saved(path: Path, *tracks: list[mido.Message | mido.MetaMessage], resolution: int = 96, kind: int = 1) -> Path:
    file = mido.MidiFile(type=kind, ticks_per_beat=resolution)
    file.tracks += [mido.MidiTrack(track) for track in tracks]
    file.save(path)
    return path


def test_another_programs_file(tmp_path: Path) -> None:
    on, off = (lambda *note: mido.Message("note_on", note=note[0], velocity=note[1], time=note[2], channel=note[3])), 0
    first = [on(60, 80, 0, 0), on(64, 70, 0, 3), on(60, off, 192, 0), on(64, off, 0, 3), on(99, 80, 0, 0)]
    second = [mido.MetaMessage("set_tempo", tempo=400_000, time=5), on(60, 90, 91, 1), on(60, off, 96, 1)]
    music = read_music(saved(tmp_path / "other.mid", first, second))
    # Two channels strike 60: one sound. 99 is struck as the file ends.
    assert music.notes == [Note(0, 60, 24, 80), Note(0, 64, 48, 70), Note(24, 60, 24, 90)]
    assert music.last_tempo_bpm == pytest.approx(150)
    assert music.next_bar()[1] == Meter(4, 4)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_file_is_read_or_refused_and_nothing_else(scratch: Path, damages: list[tuple[int, int]]) -> None:
    content = bytearray(midi_bytes(SCORE, tempo_bpm=120, meter=Meter(), end_tick=144))
    for position, byte in damages:
        content[position % len(content)] = byte
    scratch.write_bytes(content)
    try:
        music = read_music(scratch)
    except InputError:
        return
    assert without_overlaps(music.notes) == music.notes


def test_a_track_for_each_voice_and_every_change_of_tempo() -> None:
    notes = [Note(0, 60, 24, 80), Note(24, 62, 24, 80, voice=1)]
    data = midi_bytes(
        notes, tempo_bpm=100, meter=Meter(), end_tick=96, channels=[3, 7], tempo_changes=[(48, 140.0), (72, 90.0)]
    )
    file = mido.MidiFile(file=io.BytesIO(data))
    assert [round(mido.tempo2bpm(one.tempo)) for one in file.tracks[0] if one.type == "set_tempo"] == [100, 140, 90]
    starts = [[(one.note, one.channel) for one in track if one.type == "note_on"] for track in file.tracks[1:]]
    assert starts == [[(60, 2)], [(62, 6)]]
    assert {sum(one.time for one in track) for track in file.tracks} == {96 * 20}
