import numpy as np
import pytest

from lstm_composer.runtime.music.notes import Note
from lstm_composer.trainer.judging import classifier
from lstm_composer.trainer.judging.classifier import area_of, describe, floor, tell_apart
from lstm_composer.trainer.judging.features import GROUPS, described, stretches
from lstm_composer.trainer.judging.outline import outline_of
from lstm_composer.trainer.measures.passage import lay_out

BAR = 96
PENTATONIC = (60, 62, 64, 67, 69, 72)


def piece(seed, bars=32, loudness=1, pitches=PENTATONIC):
    draw = np.random.default_rng(seed)
    return lay_out(
        [
            Note(24 * i, int(draw.choice(pitches)), int(draw.choice([12, 24])), 64 + loudness * int(draw.integers(8)))
            for i in range(4 * bars)
        ],
        BAR,
    )


def pieces(first, count=12, **how):
    return describe([[piece(seed, **how)] for seed in range(first, first + count)])


HUMAN = pieces(0)


@pytest.fixture(autouse=True)
def _few_trees(monkeypatch):
    monkeypatch.setattr(classifier, "TREES", 20)


def told_of(*described):
    told = tell_apart(*described)
    assert told is not None
    return told


def test_music_of_one_kind_cannot_be_told_apart():
    told = told_of(pieces(100), HUMAN)
    assert 0.2 < told.overall < 0.8
    assert (told.played, told.human) == (24, 24)


def test_what_differs_is_told_by_the_group_that_it_is_in():
    told = told_of(pieces(100, loudness=6), HUMAN, pieces(200, 24))
    assert told.by_group["velocity"] == 1
    assert told.overall > 0.9
    assert 0.2 < told.by_group["rhythm"] < 0.8
    assert 0.2 < told.floor < 0.8


def test_another_scale_is_told_by_the_tonality():
    told = told_of(pieces(100, pitches=(60, 61, 66, 68, 70)), HUMAN)
    assert told.by_group["tonality"] > 0.95
    assert told.by_group["durations"] < 0.8


def test_the_same_seed_tells_the_same():
    assert floor(HUMAN, seed=1) == floor(HUMAN, seed=1)


def test_of_few_pieces_nothing_can_be_learned():
    assert tell_apart(pieces(100, 3), HUMAN) is None
    assert area_of(pieces(100, 3), HUMAN) is None


def test_the_area_alone_is_that_of_the_whole_answer():
    played = pieces(100, loudness=2)
    assert area_of(played, HUMAN) == told_of(played, HUMAN).overall


@pytest.mark.parametrize(
    "notes",
    [
        [Note(0, 60, 24, 64), Note(48, 60, 24, 64)],
        [Note(0, 60, 24, 64), Note(0, 64, 400, 80)],
        [Note(BAR * 15, 0, 1, 1), Note(BAR * 15 + 1, 127, 1, 127)],
    ],
    ids=["two notes", "one chord", "the last bar"],
)
def test_features_are_finite_and_as_many_for_any_music(notes):
    found = described([lay_out(notes, BAR, 16), piece(0, 16)])
    assert list(found) == list(GROUPS)
    assert all(table.shape[0] == 2 and np.isfinite(table).all() for table in found.values())


def test_a_stretch_has_sixteen_bars_with_notes():
    assert [part.bars for part in stretches(piece(0, 40))] == [16, 16]
    assert stretches(piece(0, 15)) == []
    assert stretches(lay_out([Note(0, 60, 24, 64)], BAR, 16)) == []


def test_an_outline_knows_what_sounds():
    outline = outline_of(
        lay_out([Note(0, 48, 60, 64), Note(0, 60, 24, 64), Note(24, 64, 24, 64), Note(60, 48, 9, 9)], BAR)
    )
    assert outline.onsets.tolist() == [0, 24, 60]
    assert outline.struck.tolist() == [2, 1, 1]
    assert (outline.top.tolist(), outline.bottom.tolist()) == ([60, 64, 48], [48, 64, 48])
    assert [np.flatnonzero(row).tolist() for row in outline.sounding] == [[48, 60], [48, 64], [48]]
    with pytest.raises(ValueError, match="no outline"):
        outline_of(lay_out([Note(0, 60, 24, 64)], BAR, 32).part(16, 16))
