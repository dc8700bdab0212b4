import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lstm_composer.runtime.music.notes import Note, without_overlaps
from lstm_composer.runtime.score.musicxml import musicxml
from tests.runtime.score.shown import notes_of, read_back, scored, values


def written(*given: tuple[int, int, int]) -> str:
    """Say how one line is written that a musician can read."""
    [[bar]] = [part.staves[0][:1] for part in scored(notes_of(*given), notation="readable").parts]
    return " | ".join(values(voice) for voice in bar.voices)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param([(0, 72, 25), (24, 74, 23), (48, 76, 48)], "4 4 2", id="a little long, a little short"),
        pytest.param([(0, 72, 17), (24, 74, 19), (48, 76, 41)], "4 4 2", id="detached"),
        pytest.param([(0, 72, 12), (24, 74, 11), (48, 76, 12)], "8 r8 8 r8 8 r8 r4", id="short notes stay short"),
        pytest.param([(0, 72, 31), (24, 74, 24), (48, 76, 48)], "4 4 2", id="overlapping"),
        pytest.param([(0, 72, 7), (24, 74, 72)], "8 r8 2.", id="short before a rest"),
        pytest.param([(0, 72, 6), (12, 74, 5), (24, 76, 3), (36, 77, 60)], "8 8 8 8~ 2", id="staccato eighths"),
        pytest.param([(0, 72, 7), (8, 74, 7), (16, 76, 7), (24, 77, 70)], "(3 8 8 8) 2.", id="triplets"),
        pytest.param([(0, 72, 24), (0, 76, 21), (24, 74, 72)], "4 2.", id="a chord ends together"),
    ],
)
def test_lengths_are_those_that_a_musician_writes(given: list[tuple[int, int, int]], expected: str) -> None:
    assert written(*given) == expected


def test_what_was_played_is_kept_beside_what_is_written() -> None:
    text = musicxml(scored(notes_of((0, 72, 25), (24, 74, 20), (48, 76, 48)), notation="readable")).decode()
    assert [line for line in text.splitlines() if "<note" in line] == [
        '<note id="n1" release="1">',
        '<note id="n2" release="-4">',
        '<note id="n3">',
    ]


def test_what_was_played_short_has_a_dot() -> None:
    music = notes_of((0, 72, 6), (12, 74, 11), (24, 76, 14), (48, 76, 24), (72, 77, 10))
    bars = musicxml(scored(music, notation="readable")).decode().split("<note ")[1:]
    assert ["<staccato />" in one for one in bars] == [True, False, False, False, False]


def test_a_hand_has_two_voices_at_the_most() -> None:
    arpeggio = notes_of(*((6 * index, 60 + 2 * index, 96 - 6 * index) for index in range(8)), (0, 30, 96))
    for bar in scored(arpeggio, notation="readable").parts[0].staves[0]:
        assert len(bar.voices) <= 2


_NOTES = st.lists(
    st.builds(Note, st.integers(0, 96), st.sampled_from((48, 60, 62, 64)), st.integers(1, 80), st.just(64)), max_size=20
)


@given(_NOTES)
@example(notes_of((0, 60, 24), (0, 64, 48), (0, 67, 96), (24, 60, 24), (48, 64, 48)))
def test_onsets_and_pitches_stay_and_no_pitch_overlaps_itself(notes: list[Note]) -> None:
    found = read_back(musicxml(scored(notes, notation="readable")))
    kept = without_overlaps(notes)
    assert [(onset, pitch) for onset, pitch, _ in found] == [(note.onset, note.pitch) for note in kept]
    for onset, pitch, duration in found:
        assert not any(onset < other < onset + duration and pitch == same for other, same, _ in found)
