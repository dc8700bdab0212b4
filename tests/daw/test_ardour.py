"""Ardour records what `lstm-composer play` plays, at a tempo of our own and behind Ardour's clock."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.common import ardour as driver
from benchmarks.common.ardour import Ardour
from benchmarks.playing.ardour_takes import TakenNote, TempoMap
from lstm_composer.runtime.midi.reader import read_music
from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER, Note

PATIENCE_SECONDS = 90.0
TAKEN_BARS = 12
"""Two more than the music has before it comes again; an hour of it is for benchmarks/playing/daw.py."""
SIXTEENTH = TICKS_PER_QUARTER // 4
Playing = Callable[..., AbstractContextManager[subprocess.Popen[bytes]]]

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def music(tiny_models: Path) -> list[str]:
    return ["--style", "scale", "--models-dir", str(tiny_models), "--seed", "3", "--temperature", "0"]


@pytest.fixture
def write(music: list[str], tmp_path: Path) -> Callable[[int], list[Note]]:
    """So many bars of the music, from `write`."""

    def bars(count: int) -> list[Note]:
        path = tmp_path / "written.mid"
        command = [sys.executable, "-m", "lstm_composer", "write", *music, "--bars", str(count), "-o", str(path)]
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_SECONDS)
        return read_music(path).notes

    return bars


@pytest.fixture
def playing(music: list[str]) -> Playing:
    """Run `play` and connect it to Ardour's track, and Ardour's clock to it."""

    @contextmanager
    def play(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "-m", "lstm_composer", "play", *music, "--backend", "jack", *arguments]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
            try:
                driver.connect(driver.OUR_OUTPUT, driver.TRACK_INPUT)
                driver.connect(driver.CLOCK_OUTPUT, driver.OUR_INPUT)
                yield process
            finally:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(PATIENCE_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()

    return play


def in_sixteenths(note: TakenNote, grid: TempoMap) -> tuple[int, int, int]:
    """Pitch, onset and length, to the nearest sixteenths of Ardour's grid; benchmarks/playing/daw.py says how near."""
    start, end = grid.quarter_at(note.start), grid.quarter_at(note.end)
    return note.pitch, round(4 * start), round(4 * (end - start))


def test_every_note_of_12_bars_is_in_the_take(
    ardour: Ardour, playing: Playing, write: Callable[[int], list[Note]]
) -> None:
    tempo_bpm, written = 240.0, write(TAKEN_BARS)
    ardour.set_tempo(tempo_bpm)
    ardour.arm()
    ardour.roll()
    with playing("--sync", "internal", "--tempo", str(tempo_bpm), "--bars", str(TAKEN_BARS)) as process:
        assert process.wait(PATIENCE_SECONDS) == 0
    ardour.stop()
    (take,) = ardour.takes()
    assert take.hanging == []
    assert [note.pitch for note in take.notes] == [note.pitch for note in written]
    sixteenth = ardour.grid.sample_at(0.25)
    lengths = [round((note.end - note.start) / sixteenth) for note in take.notes]
    assert lengths == [note.duration // SIXTEENTH for note in written]
    # From note to note: an xrun of the server moves the two clocks apart by some milliseconds, for good.
    taken, wanted = [note.start for note in take.notes], [note.onset for note in written]
    gaps = [round((later - note) / sixteenth) for note, later in pairwise(taken)]
    assert gaps == [(later - note) // SIXTEENTH for note, later in pairwise(wanted)]


def test_ardours_clock_is_followed(
    ardour: Ardour, playing: Playing, write: Callable[[int], list[Note]], tmp_path: Path
) -> None:
    events, written = tmp_path / "events.jsonl", write(32)
    ardour.set_tempo(100.0)
    with playing("--sync", "midi", "--events", str(events)):
        ardour.arm()
        ardour.roll()
        ardour.change_tempo(16, 140.0)
        ardour.roll_until(30)
        ardour.stop()
        ardour.locate(32)
        ardour.arm()
        ardour.roll()
        ardour.roll_until(48)
        ardour.stop()
    logged = [json.loads(line) for line in events.read_text().splitlines()]
    ticks = [one["tick"] for one in logged if one["kind"] == "note_on"]
    # The music comes again after ten bars: only the ticks tell bar 9 from bar 49, where F2 in pulses would lead.
    before = [tick for tick in ticks if tick < 32 * TICKS_PER_QUARTER]
    assert before == _onsets(written, 0)[: len(before)]
    assert ticks[len(before) :] == _onsets(written, 32)[: len(ticks) - len(before)]
    for take, first, last in zip(ardour.takes(), (0, 32), (30, 48), strict=True):
        assert take.hanging == []
        taken = [in_sixteenths(note, ardour.grid) for note in take.notes]
        wanted = _between(written, first, last + 4)
        assert len(taken) >= len(_between(written, first, last))
        assert [note[:2] for note in taken] == [note[:2] for note in wanted[: len(taken)]]
        # The stop cuts the last notes short.
        ended = [both for both in zip(taken, wanted, strict=False) if sum(both[1][1:]) <= 4 * last]
        assert [note for note, _ in ended] == [note for _, note in ended]


def _between(notes: list[Note], first: int, last: int) -> list[tuple[int, int, int]]:
    """The notes that start from one quarter to another, as `in_sixteenths` gives them."""
    return [
        (note.pitch, note.onset // SIXTEENTH, note.duration // SIXTEENTH)
        for note in notes
        if first * TICKS_PER_QUARTER <= note.onset < last * TICKS_PER_QUARTER
    ]


def _onsets(notes: list[Note], first: int) -> list[int]:
    return [note.onset for note in notes if note.onset >= first * TICKS_PER_QUARTER]
