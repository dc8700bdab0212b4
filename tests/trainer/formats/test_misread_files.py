"""Files that version 0.1 misheard or refused, through the readers of `train` and of `--primer`.

All were made for this purpose. Beginnings are (onset, pitch, duration) in ticks, 24 to the quarter.
"""

from pathlib import Path

import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.midi.reader import read_music
from lstm_composer.trainer.corpus.corpus import SUFFIXES
from lstm_composer.trainer.corpus.readers import File, read_or_refuse
from lstm_composer.trainer.pieces.piece import Piece, ReadResult

CASES = Path(__file__).parents[2] / "data" / "cases"
Notes = list[tuple[int, int, int]]


def row(pitches: list[int], *, start: int = 0, step: int = 24, length: int = 24) -> Notes:
    """Notes one after another."""
    return [(start + index * step, pitch, length) for index, pitch in enumerate(pitches)]


CHROMATIC = row(list(range(60, 80)))
RISING = [60, 62, 64, 65, 67, 69, 71, 72]
FALLING = RISING[::-1]
BASS = [(0, 48, 96), (96, 55, 96)]
HANDS = [(0, 48, 95), (0, 72, 95), (24, 49, 71), (24, 73, 71), (48, 50, 47), (48, 74, 47), (72, 51, 23), (72, 75, 23)]
BEGINNINGS: dict[str, Notes] = {
    "alien_before.mid": CHROMATIC,
    "alien_counted.mid": CHROMATIC,
    "bom_one.abc": row(RISING + FALLING),
    "bom_two.abc": row(RISING + FALLING),
    "cc123_ends.mid": CHROMATIC,
    "count_too_small.mid": sorted(CHROMATIC + row(list(range(40, 60)))),
    "cue.musicxml": row([60, 62, 64, 65]) + row([60, 62, 64, 65], start=192),
    "double_on_one_off.mid": [(0, 60, 24), *row([60, 60, 61, 62], start=216)],
    "escape2.mid": CHROMATIC,
    "explicit.abc": row([69, 70, 72, 74, 75, 78] * 5, step=12, length=12),
    "good_off.mid": row([60] * 20, step=96),
    "hands_pedal_both.mid": HANDS,
    "hands_pedal_left.mid": HANDS,
    "harm.krn": row([60, 62, 64, 65] * 5),
    "i_K.abc": row(RISING + [70] * 8),
    "i_L.abc": row(RISING + [71] * 8),
    "i_M.abc": row(RISING + [71] * 6),
    "i_Q.abc": row(RISING + FALLING),
    "key18.mid": CHROMATIC,
    "keymode255.mid": CHROMATIC,
    "l_K.abc": row(RISING + [70] * 8),
    "linked_full_first.mxl": row([60, 62, 64, 65]),
    "linked_parts_first.mxl": row([60, 62, 64, 65]),
    "longheader.mid": CHROMATIC,
    "lost_off.mid": [(0, 60, 96), *row([60] * 19, start=96, step=96)],
    "metas.mid": CHROMATIC,
    "meter_0_4.mid": CHROMATIC,
    "meter_255_4.mid": CHROMATIC,
    "midkey.abc": row(RISING + [70] * 3 + [69] * 3) + row([66] * 8, start=336, step=12, length=12),
    "multirest.abc": row(RISING) + row(FALLING, start=384),
    "off_elsewhere.mid": CHROMATIC,
    "overlay.abc": sorted(row(RISING) + BASS),
    "pedal_other_track.mid": [(0, 60, 95), (24, 61, 71), (48, 62, 47), (72, 63, 23)],
    "pedal_same_track.mid": [(0, 60, 366), (24, 61, 342), (48, 62, 318), (72, 63, 294)],
    "plain.mid": CHROMATIC,
    "remark.abc": row(RISING + FALLING),
    "riff.mid": CHROMATIC,
    "run_sysex.mid": CHROMATIC,
    "sysex_cont.mid": row(list(range(60, 80)), start=24),
    "tempo_1us.mid": CHROMATIC,
    "tempo_max.mid": CHROMATIC,
    "tempochange.mid": row(list(range(60, 68)) * 2),
    "tie_merge.krn": [(start, pitch, length) for start, length in ((0, 96), (96, 192)) for pitch in (60, 64, 67)],
    "ts2.mid": CHROMATIC,
    "v_interleaved.abc": sorted(row(RISING) + BASS),
    "voices.abc": sorted(row(RISING) + BASS),
}
DRUMS = "drums.mid"


def read(name: str, cache: Path) -> ReadResult:
    return read_or_refuse(File(name, CASES / name), cache)


def beginning(piece: Piece, count: int) -> Notes:
    return [(note.onset, note.pitch, note.duration) for note in piece.notes[:count]]


def test_every_case_of_music_is_here() -> None:
    names = {path.name for path in CASES.iterdir() if path.suffix in SUFFIXES}
    assert names == {*BEGINNINGS, DRUMS}


@pytest.mark.parametrize("name", BEGINNINGS)
def test_train_hears_the_right_notes(name: str, tmp_path: Path) -> None:
    expected = BEGINNINGS[name]
    reading = read(name, tmp_path)
    assert reading.refused == ()
    assert len(reading.pieces) == (2 if name == "bom_two.abc" else 1)
    assert beginning(reading.pieces[0], len(expected)) == expected


@pytest.mark.parametrize("name", [name for name in BEGINNINGS if name.endswith(".mid")])
def test_a_primer_is_heard_as_train_hears_it(name: str, tmp_path: Path) -> None:
    [piece] = read(name, tmp_path).pieces
    assert tuple(read_music(CASES / name).notes) == piece.notes


def test_drums_are_refused_with_the_reason(tmp_path: Path) -> None:
    [refusal] = read(DRUMS, tmp_path).refused
    assert refusal.reason == "holds drums only; notes with a pitch are needed"
    music = read_music(CASES / DRUMS)
    assert (music.notes, music.has_drums) == ([], True)


@pytest.mark.parametrize(
    ("name", "tempo_bpm"),
    [("tempochange.mid", 200), ("tempo_1us.mid", 120), ("tempo_max.mid", 120), ("plain.mid", 120)],
)
def test_a_primer_goes_on_in_the_tempo_of_its_end(name: str, tempo_bpm: float) -> None:
    assert read_music(CASES / name).last_tempo_bpm == pytest.approx(tempo_bpm)


def test_a_file_that_is_no_midi_file_is_no_primer() -> None:
    with pytest.raises(InputError, match="is not a MIDI file"):
        read_music(CASES / "voices.abc")
