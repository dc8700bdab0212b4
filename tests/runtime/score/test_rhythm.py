import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.music.notes import Meter
from lstm_composer.runtime.score.rhythm import Stretch, written_voice
from lstm_composer.runtime.score.written import VALUES, WrittenNote
from tests.runtime.score.shown import METERS, values


def stretches(text: str) -> list[Stretch]:
    """Read lengths in ticks, those of rests with an r."""
    found: list[Stretch] = []
    at = 0
    for word in text.split():
        ticks = int(word.removeprefix("r"))
        struck = () if word.startswith("r") else (WrittenNote(len(found) + 1, at, at + ticks, 60, 64, at + ticks),)
        found.append((at, at + ticks, struck))
        at += ticks
    return found


@pytest.mark.parametrize(
    ("meter", "lengths", "written"),
    [
        ("4/4", "96", "1"),
        ("4/4", "48 48", "2 2"),
        ("4/4", "72 24", "2. 4"),
        ("4/4", "24 72", "4 2."),
        ("4/4", "24 48 24", "4 2 4"),
        ("4/4", "36 12 12 36", "4. 8 8 4."),
        ("4/4", "12 24 12 48", "8 4 8 2"),
        ("4/4", "12 24 24 36", "8 4 8~ 8 4."),
        ("4/4", "60 36", "2~ 8 4."),
        ("4/4", "84 12", "2~ 4. 8"),
        ("4/4", "12 84", "8 4.~ 2"),
        ("4/4", "18 6 6 18 48", "8. 16 16 8. 2"),
        ("4/4", "6 12 6 72", "16 8 16 2."),
        ("4/4", "21 3 72", "8~ 16. 32 2."),
        ("4/4", "r96", "r1"),
        ("4/4", "24 r72", "4 r4 r2"),
        ("4/4", "12 r84", "8 r8 r4 r2"),
        ("4/4", "r72 24", "r2 r4 4"),
        ("4/4", "6 r18 r48 24", "16 r16 r8 r4 r4 4"),
        ("4/4", "8 8 8 72", "(3 8 8 8) 2."),
        ("4/4", "16 8 72", "(3 4 8) 2."),
        ("4/4", "8 4 4 8 72", "(3 8 16 16 8) 2."),
        ("4/4", "12 4 8 72", "8 (3 16 8) 2."),
        ("4/4", "4 4 4 4 4 4 72", "(3 16 16 16 16 16 16) 2."),
        ("4/4", "4 4 4 12 72", "(3 16 16 16) 8 2."),
        ("4/4", "16 16 16 48", "(3 4 4 4) 2"),
        ("4/4", "32 32 32", "(3 2 2 2)"),
        ("4/4", "8 16 24 48", "(3 8 4) 4 2"),
        ("4/4", "8 r88", "(3 8 r8 r8) r4 r2"),
        ("4/4", "20 28 48", "(6 4~ 16 16~) 4 2"),
        ("4/4", "25 71", "4~ (3 64 32~) 16.~ 8~ 2"),
        ("4/4", "2 2 2 18 72", "(3 32 32 32) 8. 2."),
        ("3/4", "72", "2."),
        ("3/4", "24 48", "4 2"),
        ("3/4", "24 36 12", "4 4. 8"),
        ("3/4", "12 24 36", "8 4 8~ 4"),
        ("3/4", "12 60", "8 8~ 2"),
        ("3/4", "60 12", "2~ 8 8"),
        ("3/4", "24 r48", "4 r4 r4"),
        ("2/4", "6 12 6 12 12", "16 8 16 8 8"),
        ("6/8", "72", "2."),
        ("6/8", "36 36", "4. 4."),
        ("6/8", "24 12 12 24", "4 8 8 4"),
        ("6/8", "24 24 24", "4 8~ 8 4"),
        ("6/8", "r24 48", "r4 8~ 4."),
        ("6/8", "12 r24 r36", "8 r8 r8 r4."),
        ("6/8", "18 18 36", "8. 16~ 8 4."),
        ("6/8", "18 6 12 36", "8. 16 8 4."),
        ("9/8", "108", "2.~ 4."),
        ("12/8", "144", "1."),
        ("12/8", "36 72 36", "4. 4.~ 4. 4."),
        ("5/4", "120", "2.~ 2"),
        ("5/8", "60", "4.~ 4"),
        ("7/8", "24 24 36", "4 4 4."),
        ("3/8", "36", "4."),
        ("3/8", "12 24", "8 4"),
        ("2/2", "24 48 24", "4 2 4"),
        ("3/2", "144", "1."),
        ("1/32", "3", "32"),
        ("1/32", "1 2", "(3 64 32)"),
    ],
)
def test_lengths_are_written_as_the_meter_asks(meter: str, lengths: str, written: str) -> None:
    assert values(written_voice(stretches(lengths), Meter.parse(meter), 0)) == written


@given(name=st.sampled_from(METERS), data=st.data())
def test_every_length_is_written_exactly(name: str, data: st.DataObject) -> None:
    meter = Meter.parse(name)
    bar = min(meter.ticks_per_bar, 400)
    ends = sorted({*data.draw(st.lists(st.integers(1, bar), max_size=12)), meter.ticks_per_bar})
    given_lengths = [end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    rests = [data.draw(st.booleans()) for _ in given_lengths]
    text = " ".join(f"r{ticks}" if rest else str(ticks) for ticks, rest in zip(given_lengths, rests, strict=True))
    voice = written_voice(stretches(text), meter, 1000)
    assert [voice[0].start, *(symbol.end for symbol in voice)] == [*(symbol.start for symbol in voice), voice[-1].end]
    assert (voice[0].start, voice[-1].end) == (1000, 1000 + meter.ticks_per_bar)
    is_inside = False
    for symbol in voice:
        written = 1.5 if symbol.value == "64th" else VALUES[symbol.value]
        ratio = 1.0 if symbol.tuplet is None else symbol.tuplet.normal / symbol.tuplet.actual
        assert written * (1.5 if symbol.dots else 1) * ratio == symbol.ticks
        is_inside = is_inside or symbol.edge == "start"
        assert is_inside == (symbol.tuplet is not None)
        is_inside = is_inside and symbol.edge != "stop"
    assert not is_inside


def test_rests_that_are_not_shown_are_there() -> None:
    [note, *rests] = written_voice(stretches("24 r72"), Meter(4, 4), 96, hides_rests=True)
    assert (note.start, note.is_visible) == (96, True)
    assert [(rest.start, rest.is_visible) for rest in rests] == [(120, False), (144, False)]
