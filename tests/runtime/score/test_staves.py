"""Hands, clefs, voices, beams and marks: what is seen besides the values of the notes."""

import pytest

from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.runtime.score.bars import beam_groups
from lstm_composer.runtime.score.clefs import ledger_lines
from lstm_composer.runtime.score.hands import left_hand
from lstm_composer.runtime.score.written import ClefSign, Score
from tests.runtime.score.shown import notes_of, scored, values


def seen(score: Score) -> list[list[list[str]]]:
    """Return what each voice of each bar of each staff looks like."""
    return [[[values(voice) for voice in bar.voices] for bar in staff] for part in score.parts for staff in part.staves]


def pitches_of_the_left(notes: list[Note]) -> list[int]:
    return sorted(note.pitch for note in left_hand(notes))


def test_a_line_stands_on_one_staff() -> None:
    tune = notes_of((0, 62, 24), (24, 67, 24), (48, 71, 25), (72, 79, 24))
    assert seen(scored(tune, notation="readable")) == [[["4 4 4 4"]]]


def test_a_low_line_stands_on_one_staff_in_the_bass_clef() -> None:
    [part] = scored(notes_of((0, 40, 48), (48, 47, 48))).parts
    assert [bar.clef for [bar] in part.staves] == ["F"]


def test_a_line_too_wide_for_a_staff_is_for_two_hands() -> None:
    assert len(scored(notes_of((0, 36, 24), (24, 60, 24), (48, 84, 48))).parts[0].staves) == 2


def test_no_notes_are_a_bar_of_rest() -> None:
    score = scored([], end_tick=96)
    assert seen(score) == [[["rbar"]]]
    assert (score.sounding, score.accidentals) == ({}, {})


def test_hands_take_what_they_can_reach() -> None:
    # A waltz: low bass, chords an octave higher, a tune. The chord of the left hand lies where a right hand could be.
    bass, chord = [(0, 43, 24)], [(24, 59, 24), (24, 62, 24), (48, 59, 24), (48, 62, 24)]
    tune = [(0, 79, 48), (48, 81, 24)]
    assert pitches_of_the_left(notes_of(*bass, *chord, *tune)) == [43, 59, 59, 62, 62]


def test_a_chord_that_one_hand_cannot_reach_is_shared() -> None:
    assert pitches_of_the_left(notes_of((0, 40, 48), (0, 47, 48), (0, 64, 48), (0, 68, 48), (0, 71, 48))) == [40, 47]


def test_a_hand_that_holds_a_low_key_leaves_the_high_ones_to_the_other() -> None:
    held = notes_of((0, 36, 96), (24, 67, 24), (48, 64, 24), (72, 62, 24))
    assert pitches_of_the_left(held) == [36]


def test_a_figure_below_a_tune_stays_in_one_hand() -> None:
    alberti = [(6 * index, (53, 60, 57, 60)[index % 4], 6) for index in range(16)]
    assert pitches_of_the_left(notes_of((0, 77, 48), (48, 76, 48), *alberti)) == sorted(p for _, p, _ in alberti)


@pytest.mark.parametrize(
    ("pitch", "clef", "lines"),
    [(60, "G", 1), (60, "F", 1), (61, "G", 1), (64, "G", 0), (77, "G", 0), (79, "G", 0), (81, "G", 1), (84, "G", 2),
     (40, "F", 1), (43, "F", 0), (57, "F", 0), (71, "F", 4), (36, "F", 2)],
)  # fmt: skip
def test_ledger_lines(pitch: int, clef: ClefSign, lines: int) -> None:
    assert ledger_lines(pitch, clef) == lines


def test_the_clef_changes_where_ledger_lines_would_pile_up_and_not_for_one_note() -> None:
    def left(pitches: list[int]) -> list[ClefSign]:
        low = [(24 * index, pitch, 24) for index, pitch in enumerate(pitches)]
        high = [(24 * index, pitch + 19, 24) for index, pitch in enumerate(pitches)]
        return [bar.clef for bar in scored(notes_of(*low, *high)).parts[0].staves[1]]

    assert left([48] * 4 + [72] * 4 + [48] * 4) == ["F", "G", "F"]
    assert left([48] * 4 + [67, 48, 50, 52] + [48] * 4) == ["F", "F", "F"]


@pytest.mark.parametrize(
    ("given", "voices"),
    [
        pytest.param([(0, 72, 48), (0, 76, 48), (48, 74, 48)], ["2 2"], id="chords that end together"),
        pytest.param([(0, 76, 96), (0, 72, 48), (48, 71, 48)], ["1", "2 2"], id="a tone held over two others"),
        pytest.param(
            [(0, 60, 96), (24, 72, 24), (72, 74, 24)], ["s4 4 s4 4", "1"], id="rests where another voice sounds"
        ),
        pytest.param([(0, 60, 48), (24, 72, 24)], ["s4 4 s2", "2 r2"], id="a rest of the voice that sounds more"),
    ],
)
def test_voices_are_as_few_as_will_do(given: list[tuple[int, int, int]], voices: list[str]) -> None:
    low = (0, 36, 96)
    [[[found], _]] = [seen(scored(notes_of(*given, low)))]
    assert found == voices


@pytest.mark.parametrize(
    ("meter", "lengths", "beams"),
    [
        pytest.param("4/4", [12] * 8, "b c c e b c c e", id="eighths by the half bar"),
        pytest.param("3/4", [12] * 6, "b c c c c e", id="all of a bar of three"),
        pytest.param("4/4", [12, 12, 6, 6, 12, 48], "b e bb ce e -", id="by the beat where it is divided"),
        pytest.param("2/4", [18, 6, 6, 18], "b eB bF e", id="hooks"),
        pytest.param("6/8", [12] * 6, "b c e b c e", id="by three in 6/8"),
        pytest.param("4/4", [12, 24, 12, 48], "- - - -", id="none across a syncopation"),
        pytest.param("4/4", [8] * 3 + [72], "b c e -", id="a triplet"),
        pytest.param("3/8", [12] * 3, "b c e", id="all of 3/8"),
    ],
)
def test_beams(meter: str, lengths: list[int], beams: str) -> None:
    starts = [sum(lengths[:index]) for index in range(len(lengths))]
    notes = notes_of(*((start, 72, ticks) for start, ticks in zip(starts, lengths, strict=True)))
    [voice] = scored(notes, meter).parts[0].staves[0][0].voices
    shown = {"begin": "b", "continue": "c", "end": "e", "backward hook": "B", "forward hook": "F"}
    assert " ".join("".join(shown[beam] for beam in symbol.beams) or "-" for symbol in voice) == beams


def test_a_triplet_under_one_beam_has_no_bracket_and_one_with_a_rest_has() -> None:
    joined = notes_of((0, 72, 8), (8, 74, 8), (16, 76, 8))
    apart = [note for note in joined if note.onset != 8]
    first, second = (scored(one).parts[0].staves[0][0].voices[0][0] for one in (joined, apart))
    assert (first.edge, first.has_bracket, second.edge, second.has_bracket) == ("start", False, "start", True)


@pytest.mark.parametrize(
    ("meter", "groups"),
    [
        ("4/4", ((0, 24), (24, 48), (48, 72), (72, 96))),
        ("6/8", ((0, 36), (36, 72))),
        ("3/8", ((0, 36),)),
        ("5/8", ((0, 36), (36, 60))),
        ("7/8", ((0, 24), (24, 48), (48, 84))),
        ("2/2", ((0, 24), (24, 48), (48, 72), (72, 96))),
    ],
)
def test_what_is_beamed_by_itself(meter: str, groups: tuple[tuple[int, int], ...]) -> None:
    assert beam_groups(Meter.parse(meter)) == groups


def test_more_voices_than_a_staff_has_are_in_a_part_beside_it() -> None:
    score = scored(notes_of(*((index, 72 + index, 40) for index in range(6)), (0, 40, 96)))
    assert [[len(bar.voices) for [bar] in part.staves] for part in score.parts] == [[4, 1], [2]]


def test_marks_stand_where_the_loudness_changes_for_more_than_a_bar() -> None:
    loudness = [64, 66, 62, 110, 112, 108, 64, 63, 66]
    notes = [Note(96 * bar, 72, 96, velocity) for bar, velocity in enumerate(loudness)]
    [part] = scored(notes, has_dynamics=True).parts
    assert part.dynamics == {0: "mp", 192: "mf", 288: "ff", 480: "mf", 576: "mp"}
    assert scored(notes).parts[0].dynamics == {}


def test_each_player_is_a_part() -> None:
    notes = [Note(0, 72, 96, 64), Note(0, 40, 48, 64, 1), Note(48, 43, 48, 64, 1)]
    score = scored(notes, names=("one", "two"))
    assert [part.name for part in score.parts] == ["one", "two"]
    assert seen(score) == [[["1"]], [["2 2"]]]
    assert score.sounding == {"n1": (0, 48), "n2": (0, 96), "n3": (48, 96)}


def test_heads_that_are_tied_light_up_as_long_as_the_note_sounds() -> None:
    score = scored(notes_of((72, 60, 240)), "4/4")
    assert score.sounding == {"n1": (72, 312), "n1-2": (72, 312), "n1-3": (72, 312), "n1-4": (72, 312)}
