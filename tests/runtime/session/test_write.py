"""`write`: so many bars or notes of the known music into a file, the same bytes each time."""

from collections.abc import Callable
from pathlib import Path

import mido
import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.midi.reader import read_music
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.runtime.session.loading import load_composer
from lstm_composer.runtime.session.settings import MusicSettings
from lstm_composer.runtime.session.write import make_notes, write

Music = Callable[..., MusicSettings]
BAR = 96


def length_in_bars(path: Path, ticks_per_bar: int = BAR) -> float:
    """Where both tracks of a file end; they must agree."""
    file = mido.MidiFile(path)
    (length,) = {sum(message.time for message in track) for track in file.tracks}
    return float(length * 24 / file.ticks_per_beat / ticks_per_bar)


def test_bars_end_on_their_bar_line_and_what_rings_on_is_cut(music: Music) -> None:
    notes = make_notes(load_composer(music(bars=2)), None)
    assert len(notes) == 8
    assert notes[-1] == Note(168, 72, 24, 82)  # a half note, were it not for the end
    assert make_notes(load_composer(music(bars=3)), None)[7] == Note(168, 72, 48, 82)


@pytest.mark.parametrize("count", [1, 8, 37, 38, 500])
def test_a_number_of_notes(music: Music, count: int) -> None:
    notes = make_notes(load_composer(music()), count)
    assert len(notes) == count
    assert notes == make_notes(load_composer(music()), 500)[:count]


def test_the_file_holds_the_music(music: Music, tmp_path: Path) -> None:
    path = tmp_path / "out.mid"
    notes = write(music(bars=3, tempo_bpm=90, meter=Meter(3, 4), channel=16, temperature=1.0), path, None)
    written = read_music(path)
    assert (written.notes, written.next_bar()[1]) == (sorted(notes), Meter(3, 4))
    assert written.last_tempo_bpm == pytest.approx(90, rel=1e-5)
    assert length_in_bars(path, 72) == 3
    file = mido.MidiFile(path)
    assert file.tracks[0][0].name == "scale"
    assert {message.channel for message in file.tracks[1] if not message.is_meta} == {15}


@pytest.mark.parametrize(("count", "bars"), [(1, 1), (4, 1), (5, 2), (8, 3), (9, 3)])
def test_a_number_of_notes_ends_on_the_bar_line_behind_the_last(
    music: Music, tmp_path: Path, count: int, bars: int
) -> None:
    write(music(), tmp_path / "out.mid", count)
    assert length_in_bars(tmp_path / "out.mid") == bars


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(music: Music, tmp_path: Path) -> None:
    written = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write(music(temperature=1.0, seed=seed), tmp_path / name, 200)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1] != written[2]


def test_a_place_that_will_not_do_is_told_before_anything_is_loaded(music: Music, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no folder"):
        write(music(style="no such style"), tmp_path / "nowhere" / "out.mid", 8)
