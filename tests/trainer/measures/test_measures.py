import numpy as np
import pytest

from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.trainer.measures.continuation import continuation_table, matches
from lstm_composer.trainer.measures.measures import MEASURES, measures
from lstm_composer.trainer.measures.passage import lay_out
from lstm_composer.trainer.measures.sounding import chroma
from lstm_composer.trainer.measures.windows import FEATURES, window_features, window_range

BAR = 96
SCALE = (0, 2, 4, 5, 7, 9, 11)


def line(pitches, ticks=24, velocity=70, start=0):
    return [Note(start + i * ticks, pitch, ticks, velocity) for i, pitch in enumerate(pitches)]


def tune(bars, seed=0):
    """A random walk of quarter notes in C major, four a bar."""
    draw = np.random.default_rng(seed)
    steps = np.cumsum(draw.choice([-2, -1, 1, 2, 3], 4 * bars)) % 14
    return [60 + 12 * int(step // 7) + SCALE[step % 7] for step in steps]


PHRASE = tune(8, seed=3)


def test_a_tune_that_is_played_again_returns_as_a_whole():
    found = measures(line(PHRASE * 2), BAR)
    assert found["bars_return"] == pytest.approx(8 / 15)
    assert found["phrase_returns"] == 1
    assert found["in_phrases"] == 0.5
    assert found["longest_return"] == 8
    assert found["endless"] == 0
    assert found["velocity_spread"] == 0


@pytest.mark.parametrize(
    "again",
    [
        line([pitch + 1 for pitch in PHRASE], start=8 * BAR),  # a half tone higher
        [Note(8 * BAR + 48 * i, pitch, 24, 70) for i, pitch in enumerate(PHRASE)],  # twice as slow
        line(tune(8, seed=9), start=8 * BAR),  # another tune
    ],
)
def test_what_is_changed_throughout_does_not_return(again):
    found = measures([*line(PHRASE), *again], BAR)
    assert found["phrase_returns"] == 0
    assert found["bars_return"] <= 0.2


def test_a_tune_that_is_varied_a_little_returns():
    varied = [pitch + 12 * (i % 8 == 0) for i, pitch in enumerate(PHRASE)]
    found = measures([*line(PHRASE), *line(varied, start=8 * BAR)], BAR)
    assert found["phrase_returns"] == 0
    assert found["bars_return"] == pytest.approx(4 / 15)


def test_a_loop_of_two_bars_is_endless():
    found = measures(line([60, 62, 64, 65, 67, 65, 64, 62] * 32), BAR)
    assert found["endless"] == 1
    assert found["loop"] == pytest.approx(62 / 64)
    assert found["bars_return"] == pytest.approx(62 / 63)


def test_verses_are_no_loop():
    found = measures(line(PHRASE * 8), BAR)
    assert found["endless"] == 0
    assert found["bars_return"] == pytest.approx(56 / 63)


def test_random_notes_do_not_return_and_hold_no_key():
    draw = np.random.default_rng(0)
    found = measures(line(draw.integers(36, 96, 256).tolist()), BAR)
    assert found["bars_return"] == 0
    assert found["longest_return"] == 0
    assert found["main_key"] < 0.4
    assert found["outside_scale"] > 0.2


def test_a_chord_that_is_held_or_repeated_stands():
    repeated = [
        Note(bar * BAR + beat * 24, pitch, 24, 70) for bar in range(5) for beat in range(4) for pitch in (48, 52)
    ]
    assert measures(repeated, BAR)["longest_chord"] == 5
    held = [Note(0, 48, 4 * BAR, 70), Note(0, 55, 4 * BAR, 70), Note(4 * BAR, 50, 24, 70)]
    assert measures(held, BAR)["longest_chord"] == 4
    assert measures(held, BAR)["chord_stands"] == 1


def test_a_harmony_that_is_played_on_other_keys_moves():
    notes = line([48, 52, 55, 60, 52, 55, 60, 64] * 4)
    assert measures(notes, BAR)["chord_stands"] == 0


def test_a_key_is_held_or_left():
    home = [60, 64, 67, 72, 71, 67, 62, 67] * 8
    away = [pitch + 6 for pitch in home]
    held = measures(line(home), BAR)
    assert (held["main_key"], held["outside_scale"]) == (1, 0)
    left = measures(line([*home, *home, *away]), BAR)
    assert left["main_key"] == pytest.approx(2 / 3, abs=0.06)
    assert left["outside_scale"] > 0.1


def test_the_raised_degrees_of_a_minor_key_are_inside():
    minor = [57, 60, 64, 69, 68, 64, 57, 69, 66, 68, 69, 64, 65, 64, 60, 57] * 4
    assert measures(line(minor), BAR)["outside_scale"] == 0


def test_velocities_are_compared_on_the_grid():
    notes = [Note(24 * i, 60 + i % 5, 24, 68 + i % 4) for i in range(16)]
    assert measures(notes, BAR)["velocity_spread"] == 0
    loud = [Note(24 * i, 60, 24, 40 if i % 2 else 80) for i in range(16)]
    assert measures(loud, BAR)["velocity_spread"] == 20


def test_bars_follow_the_meters():
    meters = [MeterChange(0, Meter(3, 4)), MeterChange(144, Meter(4, 4))]
    passage = lay_out(line([60] * 16), meters)
    assert passage.lines.tolist() == [0, 72, 144, 240, 336, 432]
    assert passage.bar.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4]
    assert passage.place[3:7].tolist() == [0, 24, 48, 0]


def test_a_meter_that_comes_in_the_middle_of_a_bar_begins_one():
    passage = lay_out(line([60] * 5), [MeterChange(0, Meter(4, 4)), MeterChange(24, Meter(4, 4))])
    assert passage.lines.tolist() == [0, 24, 120]


def test_a_passage_is_cut_at_bar_lines():
    passage = lay_out(line([60] * 14), BAR)
    assert passage.bars == 4
    assert passage.part(1, 2).onset.tolist() == list(range(96, 288, 24))
    assert [part.notes for part in passage.parts(2)] == [8, 6]
    assert lay_out(line([60] * 14), BAR, bars=2).notes == 8
    assert lay_out(line([60] * 14), BAR, bars=9).bars == 9


def test_without_notes_there_is_nothing_to_lay_out():
    with pytest.raises(ValueError, match="without a note"):
        lay_out([], BAR)


def test_what_sounds_across_a_bar_line_counts_in_both_bars():
    passage = lay_out([Note(48, 60, 96, 70), Note(144, 64, 500, 70)], BAR)
    assert chroma(passage)[:, [0, 4]].tolist() == [[48, 0], [48, 48]]


def test_a_rest_of_bars_and_a_single_note_can_be_measured():
    found = measures([Note(0, 60, 24, 70), Note(10 * BAR, 60, 24, 70)], BAR)
    assert set(found) == set(MEASURES) - {"bad_windows"}
    assert all(np.isfinite(list(measures([Note(5, 60, 1, 1)], BAR).values())))


def test_an_unusual_window_is_noticed():
    usual = window_range(lay_out(line(tune(64, seed)), BAR) for seed in range(20))
    assert measures(line(tune(64, seed=2)), BAR, usual)["bad_windows"] == 0
    dense = [*line(tune(32, seed=2)), *line(tune(4, seed=5), ticks=6, start=32 * BAR)]
    found = measures([*dense, *line(tune(31, seed=2), start=33 * BAR)], BAR, usual)
    assert found["bad_windows"] == 0.25


def test_windows_without_notes_have_features():
    passage = lay_out(line([60] * 4), BAR, bars=8)
    assert window_features(passage).shape == (2, len(FEATURES))
    assert not window_features(passage)[1].any()


def test_no_window_no_range():
    with pytest.raises(ValueError, match="no passage has 4 bars"):
        window_range([lay_out(line([60] * 4), BAR)])


def test_matches_grow_while_music_copies_itself():
    length, continued = matches(lay_out(line([60, 62, 64, 65, 67, 60, 62, 64, 65, 70]), BAR))
    assert length.tolist() == [0, 0, 0, 0, 0, 0, 1, 2, 3]
    assert continued.tolist() == [0, 0, 0, 0, 0, 0, 1, 1, 0]


def test_the_latest_of_equal_matches_decides():
    length, continued = matches(lay_out(line([72, 60, 62, 60, 64, 60, 64]), BAR))
    assert (length[-1], continued[-1]) == (1, 1)


def test_continuations_are_counted_by_the_length_of_the_match():
    table = continuation_table([lay_out(line(PHRASE * 3), BAR)])
    assert table[16] == 1
    assert table[1] < 0.6
