import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from lstm_composer.runtime.composer import Composer
from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.midi.writer import midi_bytes
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.runtime.score.score_file import check_score_file, is_score_file, score_of_midi, usual_notation
from tests.runtime.score.shown import parsed, read_back

Run = Callable[..., CompletedProcess[str]]


@pytest.mark.parametrize("name", ["x.musicxml", "x.MusicXML", "x.svg", "x.pdf"])
def test_scores_are_told_by_their_names(name: str) -> None:
    assert is_score_file(Path(name))


@pytest.mark.parametrize("name", ["x.mid", "x", "musicxml", "x.wav"])
def test_all_others_are_none(name: str) -> None:
    assert not is_score_file(Path(name))


@pytest.mark.parametrize("name", ["x.mxl", "x.xml", "x.png", "x.mid"])
def test_other_files_are_not_written(name: str) -> None:
    with pytest.raises(InputError, match=r"file that ends in \.musicxml, \.svg, \.pdf"):
        check_score_file(Path(name))


def test_what_is_for_eyes_is_readable() -> None:
    assert [usual_notation(Path(name)) for name in ("x.musicxml", "x.svg", "x.pdf")] == ["played", *["readable"] * 2]


def test_write_makes_a_score_of_what_it_makes_midi_of(composer: Run, tmp_path: Path) -> None:
    path = tmp_path / "x.musicxml"
    result = composer("write", "--style", "scale", "--seed", "1", "--bars", "2", "-o", str(path))
    assert (result.returncode, result.stderr) == (0, "")
    root = parsed(path.read_bytes())
    assert root.findtext("work/work-title") == "In the style of scale, seed 1"
    midi = tmp_path / "x.mid"
    composer("write", "--style", "scale", "--seed", "1", "--bars", "2", "-o", str(midi))
    _, notes = score_of_midi(midi, "played")
    assert read_back(path.read_bytes()) == sorted((note.onset, note.pitch, note.duration) for note in notes)


def test_render_makes_a_score_of_a_midi_file(composer: Run, tmp_path: Path) -> None:
    notes = [Note(0, 60, 25, 64), Note(24, 62, 24, 64)]
    midi = tmp_path / "tune.mid"
    midi.write_bytes(midi_bytes(notes, tempo_bpm=90, meter=Meter(3, 4), end_tick=72))
    for notation, lengths in ((), [25, 24]), (("--notation", "readable"), [24, 24]):
        result = composer("render", str(midi), "-o", str(tmp_path / "x.musicxml"), *notation)
        assert (result.returncode, result.stderr) == (0, "")
        assert "2 notes in " in result.stdout
        data = (tmp_path / "x.musicxml").read_bytes()
        assert [length for _, _, length in read_back(data)] == lengths
    root = parsed(data)
    assert [root.findtext(f".//{tag}") for tag in ("work-title", "beats", "per-minute")] == ["tune", "3", "90"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("-o", "x.musicxml", "--volume", "0.5"), "--volume is for sound files"),
        (("-o", "x.musicxml", "--soundfont", "x.sf2"), "--soundfont is for sound files"),
        (("-o", "x.wav", "--notation", "played"), "--notation is for scores"),
        (("-o", "x.musicxml"), "has no notes"),
    ],
)
def test_what_is_asked_for_is_never_passed_over(
    composer: Run, tmp_path: Path, arguments: tuple[str, ...], problem: str
) -> None:
    midi = tmp_path / "empty.mid"
    midi.write_bytes(midi_bytes([], tempo_bpm=90, meter=Meter(3, 4), end_tick=72))
    result = composer("render", str(midi), *arguments)
    assert result.returncode == 2
    assert problem in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_missing_extra_is_told_before_any_music_is_made(
    tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "verovio", None)
    monkeypatch.setattr("lstm_composer.runtime.session.write.make_notes", pytest.fail)
    player = Composer.load("scale", models_dirs=tiny_models)
    with pytest.raises(MissingError, match=r'pip install "lstm-composer\[score\]"'):
        player.write(tmp_path / "x.svg", bars=1)


def test_two_players_are_two_parts(composer: Run, tmp_path: Path) -> None:
    path = tmp_path / "x.musicxml"
    composer("write", "--voices", "scale@1,scale@2", "--seed", "1", "--bars", "1", "-o", str(path))
    names = parsed(path.read_bytes()).iterfind("part-list/score-part/part-name")
    assert [name.text for name in names] == ["scale", "scale"]
