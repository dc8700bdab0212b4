"""The screen, as text."""

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from lstm_composer.runtime.monitor.piano_roll import grid_for, roll
from lstm_composer.runtime.monitor.screen import view
from lstm_composer.runtime.monitor.snapshot import Control, LatenessHistogram, RollNote, Snapshot, Time
from lstm_composer.runtime.system.visible_text import visible

Make = Callable[..., Snapshot]
BAR = 96


def drawn(snapshot: Snapshot, width: int = 80, height: int = 24) -> str:
    screen = io.StringIO()
    Console(file=screen, width=width, height=height, force_terminal=False).print(view(snapshot, width, height))
    return screen.getvalue()


def test_what_the_screen_says(snapshot: Make) -> None:
    text = drawn(snapshot())
    assert "LSTM Composer (process 17)" in text
    assert "▶ playing  3:2  92.5 bpm 4/4  MIDI clock  bach  seed 42" in text
    assert "1 2 [●●○○] 4 5 6 7 8   1 sounding  2.0 bars ahead" in text
    assert "temperature 1 CC 1" in text
    assert "panic  CC 120, 123" in text
    assert "≤0.1 ms ████████ 90" in text
    assert ">1 ms █ 1 " in text
    assert "100 notes, 2 late" in text
    assert "3 missed, worst 3.2 ms" in text


@pytest.mark.parametrize(
    ("time", "says"),
    [
        (Time("internal", 120, running=True, tick=-12, bar=0, beat=4), "▶ count-in  0:4  120.0 bpm 4/4  own tempo"),
        (Time("midi", 97, running=False, tick=0, bar=1, beat=1), "■ stopped  1:1  97.0 bpm 4/4  MIDI clock"),
        (Time("link", 60, running=True, tick=BAR, bar=2, beat=1), "▶ playing  2:1  60.0 bpm 4/4  Ableton Link"),
    ],
)
def test_time(snapshot: Make, time: Time, says: str) -> None:
    assert says in drawn(snapshot(time=time, past=(), sounding=(), coming=()))


def test_a_style_without_knobs_says_so(snapshot: Make) -> None:
    assert "This style has no knobs." in drawn(snapshot(controls=()))


def test_a_low_terminal_shows_time_and_notes_alone(snapshot: Make) -> None:
    text = drawn(snapshot(), height=12)
    assert ("notes" in text, "lateness" in text, len(text.splitlines())) == (True, False, 12)


def test_the_roll(snapshot: Make) -> None:
    lines = roll(snapshot(), 4 + 80, 9).plain.splitlines()
    assert [line.rstrip() for line in lines] == [
        "    │   ·   ·   ·   │   ·   ·   ·   │   ·┃  ·   ·   │   ·   ·   ·   │   ·   ·   ·",
        " C5 │   ·   ·   ·   │   ·   ·   ·   │   ·┃  ·   ·   ▀▀▀▀▀▀▀▀·   ·   │   ·   ·   ·",
        "    │   ·   ·   ·   │   ·   ·   ·   │   ▄▄▄▄·   ·   │   ·   ·   ·   │   ·   ·   ·",
        "    │   ·   ·   ·   │   ·   ·   ·   │   ·┃  ·   ·   │   ·   ·   ·   │   ·   ·   ·",
        " C4 ▀▀▀▀·   ·   ·   │   ·   ·   ·   │   ·┃  ·   ·   │   ·   ·   ·   │   ·   ·   ·",
        "    │   ·   ·   ·   │   ·   ·   ·   │   ·┃  ·   ·   │   ·   ·   ·   │   ·   ·   ·",
        "    │   ·   ·   ·   │   ·   ·   ·   │   ·┃  ·   ·   │   ·   ·   ·   │   ·   ·   ·",
        " C3 │   ·   ·   ·   │   ·   ·   ·   │   ·┃  ·   ·   │   ·   ·   ·   │   ·   ·   ·",
        "    1               2               3               4               5",
    ]


def test_colours_tell_past_sounding_and_coming_apart(snapshot: Make) -> None:
    text = roll(snapshot(), 84, 9)
    notes = {str(span.style) for span in text.spans if {*text.plain[span.start : span.end]} & {*"▀▄█"}}
    assert notes == {"bright_black", "bold yellow", "cyan"}


@pytest.mark.parametrize(
    ("width", "ticks"), [(200, 3), (84, 6), (64, 6), (63, 12), (32, 12), (16, 24), (8, 48), (4, 96)]
)
def test_columns_are_as_fine_as_the_terminal_is_wide(snapshot: Make, width: int, ticks: int) -> None:
    assert grid_for(snapshot(), width, 10).column_ticks == ticks


def notes() -> st.SearchStrategy[tuple[RollNote, ...]]:
    note = st.builds(
        RollNote,
        st.integers(0, 2000),
        st.integers(0, 127),
        st.integers(1, 400),
        st.integers(1, 127),
        st.integers(1, 16),
    )
    return st.lists(note, max_size=30).map(tuple)


@given(st.data(), st.integers(20, 250), st.integers(6, 80), st.sampled_from([(96, 24), (72, 36), (3, 3), (1, 1)]))
def test_whatever_plays_fits_the_terminal(
    snapshot: Make, data: st.DataObject, width: int, height: int, meter: tuple[int, int]
) -> None:
    tick = data.draw(st.integers(-200, 2000))
    shown = snapshot(
        time=Time("internal", 60.0, running=True, tick=tick, bar=max(0, tick // meter[0] + 1), beat=1),
        ticks_per_bar=meter[0],
        ticks_per_beat=meter[1],
        past=data.draw(notes()),
        sounding=data.draw(notes()),
        coming=data.draw(notes()),
        lateness=LatenessHistogram((0.1,), (0, 0), 0.0),
    )
    lines = drawn(shown, width, height).splitlines()
    assert len(lines) == height
    assert max(map(len, lines)) <= width


def test_every_note_of_the_window_is_on_the_roll(snapshot: Make) -> None:
    scale = tuple(RollNote(2 * BAR + 6 * step, 40 + 3 * step, 6, 80, 1) for step in range(16))
    plain = roll(snapshot(past=scale, sounding=(), coming=()), 84, 20).plain
    assert sum(character in "▀▄█" for character in plain) == 16


@pytest.mark.parametrize("name", ["[/bold]", "[red]", ":smile:", "\x1b[31mred", "\x9b2J", "\x7f", "\r\n", "\u202eleft"])
def test_names_are_neither_markup_nor_commands_for_the_terminal(snapshot: Make, name: str) -> None:
    control = Control(name, name, (1,))
    text = drawn(snapshot(style=name, port=name, meter=name, controls=(control,)), width=120)
    assert f" {visible(name)} (process 17)" in text
    assert f"  {visible(name)}  seed 42" in text
    assert f"{visible(name)} {visible(name)} CC 1" in text
    assert not set(name) & set(text) - set(visible(name)) - {"\n"}
