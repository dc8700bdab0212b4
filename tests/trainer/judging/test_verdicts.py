import numpy as np
import pytest

from lstm_composer.runtime.bundle.tensors import expected_tensors
from lstm_composer.runtime.graph.carried_state import Carried
from lstm_composer.runtime.graph.inputs import GraphInputs
from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.event_encoding import quantise
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.trainer.judging import human, played
from lstm_composer.trainer.judging.human import HumanPieces, excerpts_of, human_pieces, meters_of
from lstm_composer.trainer.judging.style import Yardstick
from lstm_composer.trainer.judging.tables import markdown
from lstm_composer.trainer.judging.verdicts import human_range, verdicts
from lstm_composer.trainer.measures.passage import lay_out
from lstm_composer.trainer.network.excerpts import SteppedNetwork
from lstm_composer.trainer.pieces.piece import make_piece

BAR = 96
NOBODY = SteppedNetwork(Carried(*expected_tensors(1, 1, 1)), lambda inputs: inputs)
ROW = {"bars_return": 0.5, "phrase_returns": 1.0, "endless": 0.0, "outside_scale": 0.05}
HUMAN = {
    "bars_return": [i / 100 for i in range(20, 81)],
    "phrase_returns": [1.0] * 30 + [0.0] * 10,
    "endless": [0.0] * 40,
    "outside_scale": [i / 1000 for i in range(20, 81)],
}


def notes(bars, seed=0):
    return [Note(24 * i, 60 + (i * (seed + 3) + i // 7) % 12, 24, 70) for i in range(4 * bars)]


@pytest.mark.parametrize(
    ("changed", "outside"),
    [
        ({}, {}),
        ({"bars_return": 0.0}, {"bars_return": "too low"}),
        ({"bars_return": 0.95}, {"bars_return": "too high"}),
        ({"phrase_returns": 0.0}, {"phrase_returns": "too low"}),
        ({"endless": 1.0}, {"endless": "too high"}),
        ({"outside_scale": 0.0}, {}),
        ({"outside_scale": 0.2}, {"outside_scale": "too high"}),
    ],
)
def test_too_little_fails_as_too_much_does_where_it_is_a_fault(changed, outside):
    found = verdicts([{**ROW, **changed}] * 16, HUMAN)
    assert {name: one.verdict for name, one in found.items() if not one.inside} == outside


def test_a_share_of_pieces_may_differ_by_luck_and_one_piece():
    assert human_range("endless", np.zeros(40), 16) == (0, 1 / 16)
    low, high = human_range("phrase_returns", np.array(HUMAN["phrase_returns"]), 16)
    assert 0.4 < low < 0.6
    assert high == 1


def test_a_long_piece_is_cut_into_excerpts_of_64_bars_and_a_short_one_is_whole():
    assert [excerpt.bars for excerpt in excerpts_of(make_piece("long", notes(200)))] == [64, 64, 64]
    assert [excerpt.bars for excerpt in excerpts_of(make_piece("short", notes(20)))] == [20]
    assert len(excerpts_of(make_piece("very long", notes(600)))) == 4


def test_an_excerpt_is_on_the_grid_and_begins_at_its_bar_line():
    off = [Note(note.onset, note.pitch, 55, 71) for note in notes(70)]
    excerpt = excerpts_of(make_piece("off", off, [MeterChange(0, Meter(3, 4))]))[0]
    assert excerpt.lines[:3].tolist() == [0, 72, 144]
    assert excerpt.duration[0] in (54, 56)
    assert set(excerpt.velocity.tolist()) == {70}
    again = quantise(
        Note(*map(int, row))
        for row in zip(excerpt.onset, excerpt.pitch, excerpt.duration, excerpt.velocity, strict=True)
    )
    assert [note.onset for note in again] == excerpt.onset.tolist()


def test_very_short_pieces_are_left_out_where_there_are_others():
    short, long = make_piece("short", notes(5)), make_piece("long", notes(9))
    assert [piece[0].bars for piece in human_pieces([short, long], []).training] == [9]
    assert [piece[0].bars for piece in human_pieces([short], []).training] == [5]


def test_held_out_pieces_come_first_for_the_classifier():
    one = tuple(excerpts_of(make_piece("held out", notes(64))))
    other = tuple(excerpts_of(make_piece("learned", notes(32))))
    pieces = HumanPieces((one,) * 3, (other,) * 60)
    assert pieces.to_tell_apart(12)[:4] == [one, one, one, other]
    assert len(pieces.to_tell_apart(12)) == human.ENOUGH_PIECES
    assert len(pieces.to_tell_apart(60)) == 3 + 24
    assert HumanPieces((one,) * 40, (other,) * 60).to_tell_apart(4) == [one] * 16


def test_meters_come_as_often_as_in_the_pieces():
    in_three = [make_piece(f"{i}", notes(9), [MeterChange(0, Meter(3, 4))]) for i in range(3)]
    in_four = [make_piece("four", notes(9), [MeterChange(0, Meter(1, 4)), MeterChange(24, Meter(4, 4))])]
    odd = [make_piece("odd", notes(9), [MeterChange(0, Meter(11, 8))])]
    assert sorted(map(str, meters_of([*in_three, *in_four, *odd], 8))) == ["3/4"] * 6 + ["4/4"] * 2
    assert meters_of(odd, 2) == [Meter(), Meter()]


def test_a_piece_that_does_not_fill_its_bars_is_made_again(monkeypatch):
    asked = []

    def made(player, seeds, count, controls):
        asked.append((list(seeds), count))
        return [notes(100, seed)[:count] if seed else notes(100)[: 3 * count] for seed in seeds]

    monkeypatch.setattr(played, "make_excerpts", made)
    found = played.play_bars(NOBODY, [GraphInputs((1.0,))] * 3, 100, bars=32)
    assert asked == [([0, 1, 2], 100), ([1, 2], 300)]
    assert [(piece.bars, piece.notes) for piece in found] == [(32, 128)] * 3


def test_human_music_is_judged_to_be_human(make_walk):
    pieces = [make_walk(seed, 200) for seed in range(24)]
    yardstick = Yardstick(pieces[:18], pieces[18:])
    judgement = yardstick.judge([excerpts_of(make_walk(100 + i, 200))[0] for i in range(8)], classify=False)
    assert judgement.outside == {}
    assert judgement.told is None
    assert "| bars that return | 0.00 |" in markdown(judgement)
    loops = [lay_out([Note(48 * i, 60 + i % 4, 24, 70) for i in range(128)], BAR)] * 8
    outside = yardstick.judge(loops, classify=False).outside
    assert outside["bars_return"] == "too high"
    assert outside["endless"] == "too high"
    assert outside["velocity_spread"] == "too low"
