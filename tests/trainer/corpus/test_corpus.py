import json
import struct
from collections.abc import Callable
from pathlib import Path

import mido
import pytest

import lstm_composer.trainer.corpus.readers
from lstm_composer.runtime.errors import CorpusError, InputError
from lstm_composer.trainer.corpus.corpus import Corpus, Progress, SkippedFile, read_corpus, style_folder
from lstm_composer.trainer.formats.midi_reader import read_midi
from lstm_composer.trainer.pieces.piece import Piece

Reader = Callable[..., Corpus]


def write_midi(
    path: Path, notes: int = 16, pitch: int = 60, channel: int = 0, length: Callable[[int], int] = lambda _: 480
) -> None:
    """A MIDI file with `notes` quarter notes, or notes of so many ticks, 480 to the quarter."""
    track = mido.MidiTrack()
    for index in range(notes):
        track.append(mido.Message("note_on", note=pitch, time=0, channel=channel))
        track.append(mido.Message("note_off", note=pitch, time=length(index), channel=channel))
    path.parent.mkdir(parents=True, exist_ok=True)
    file = mido.MidiFile(tracks=[track])
    file.save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "music"
    path.mkdir()
    return path


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    def read(
        source: Path | str,
        on_progress: Progress | None = None,
        *,
        leave_out_untidy: bool = False,
        workers: int | None = None,
        cache: str = "cache",
    ) -> Corpus:
        return read_corpus(
            str(source),
            cache_dir=tmp_path / cache,
            on_progress=on_progress,
            leave_out_untidy=leave_out_untidy,
            workers=workers,
        )

    return read


def test_a_mixed_folder_gives_the_good_ones_and_a_reason_for_each_other(folder: Path, read: Reader) -> None:
    for index in range(5):
        write_midi(folder / f"good{index}.mid", pitch=60 + index)
    write_midi(folder / "drums.mid", channel=9)
    (folder / "empty.mid").write_bytes(b"")
    (folder / "text.mid").write_text("Dear diary, today I wrote no music.")
    (folder / "corrupt.mid").write_bytes((folder / "good0.mid").read_bytes()[:40])
    corpus = read(folder)
    assert [piece.name for piece in corpus.pieces] == [f"good{index}.mid" for index in range(5)]
    assert [refusal.name for refusal in corpus.refused] == ["corrupt.mid", "drums.mid", "empty.mid", "text.mid"]
    reasons = " ".join(refusal.reason for refusal in corpus.refused)
    assert all(word in reasons for word in ("cut short", "drums only", "empty", "not a MIDI file"))
    assert corpus.source == str(folder)


def test_folders_in_folders_in_the_order_of_their_names_without_hidden_or_other_files(
    folder: Path, read: Reader
) -> None:
    for name in ("b/two.MID", "a/one.midi", "c.kar", ".hidden.mid", ".git/d.mid", "b/._two.mid"):
        write_midi(folder / name)
    (folder / "README.md").write_text("not music")
    corpus = read(folder)
    assert [piece.name for piece in corpus.pieces] == ["a/one.midi", "b/two.MID", "c.kar"]
    assert corpus.refused == ()


@pytest.mark.parametrize(("notes", "kept"), [(15, 1), (16, 2)])
def test_a_piece_needs_16_notes(folder: Path, read: Reader, notes: int, kept: int) -> None:
    write_midi(folder / "long.mid")
    write_midi(folder / "short.mid", notes=notes)
    corpus = read(folder)
    assert len(corpus.pieces) == kept
    if kept == 1:
        assert corpus.refused == (SkippedFile("short.mid", "has only 15 notes; 16 are needed"),)


def test_progress_is_told_after_each_file(folder: Path, read: Reader) -> None:
    write_midi(folder / "a.mid")
    write_midi(folder / "b.mid", notes=1)
    told: list[tuple[int, int, str]] = []
    read(folder, on_progress=lambda *progress: told.append(progress))
    assert told == [(1, 2, "a.mid"), (2, 2, "b.mid")]


@pytest.mark.parametrize("workers", [1, 3])
def test_reading_in_processes_gives_the_same_in_the_same_order(music_folder: Path, read: Reader, workers: int) -> None:
    told: list[tuple[int, int, str]] = []
    here = read(music_folder, workers=0, cache="here")
    there = read(music_folder, lambda *progress: told.append(progress), workers=workers, cache="there")
    assert there == here
    names = sorted([*(piece.name for piece in here.pieces), *(refusal.name for refusal in here.refused)])
    assert told == [(index, 9, name) for index, name in enumerate(names, start=1)]


def test_processes_read_what_the_cache_lacks(folder: Path, read: Reader) -> None:
    write_midi(folder / "b.mid")
    read(folder)
    write_midi(folder / "a.mid", pitch=61)
    write_midi(folder / "c.mid", pitch=62)
    assert [piece.name for piece in read(folder, workers=1).pieces] == ["a.mid", "b.mid", "c.mid"]


def test_a_file_that_takes_too_long_is_refused_alone(
    folder: Path, read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_million_tracks = b"MThd" + struct.pack(">LHHH", 6, 2, 65535, 96) + b"MTrk\0\0\0\0" * 1_000_000
    (folder / "a.mid").write_bytes(a_million_tracks)
    write_midi(folder / "b.mid")
    monkeypatch.setattr(
        lstm_composer.trainer.corpus.readers, "_limit_seconds", lambda task: 0.0 if task[0].name == "a.mid" else 60.0
    )
    corpus = read(folder, workers=1)
    assert [piece.name for piece in corpus.pieces] == ["b.mid"]
    assert corpus.refused == (SkippedFile("a.mid", "took too long to read"),)


def test_untidy_files_stay_unless_they_are_to_be_left_out(folder: Path, read: Reader) -> None:
    write_midi(folder / "even.mid", notes=120)
    write_midi(folder / "free.mid", notes=120, length=lambda index: 300 + 37 * index % 211)
    assert [piece.name for piece in read(folder).pieces] == ["even.mid", "free.mid"]
    corpus = read(folder, leave_out_untidy=True)
    assert [piece.name for piece in corpus.pieces] == ["even.mid"]
    [refusal] = corpus.refused
    assert refusal.name == "free.mid"
    assert "played without a click?" in refusal.reason


def test_the_second_time_nothing_is_read(folder: Path, read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    write_midi(folder / "a.mid")
    first = read(folder)
    monkeypatch.setattr(lstm_composer.trainer.corpus.readers, "read_midi", None)
    assert read(folder) == first


def test_one_file(folder: Path, read: Reader) -> None:
    write_midi(folder / "a.mid")
    assert [piece.name for piece in read(folder / "a.mid").pieces] == ["a.mid"]


def test_a_readers_bug_costs_its_file_only(folder: Path, read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    real = read_midi

    def buggy(path: Path, name: str) -> Piece:
        if name == "a.mid":
            raise KeyError("hook")
        return real(path, name)

    monkeypatch.setattr(lstm_composer.trainer.corpus.readers, "read_midi", buggy)
    write_midi(folder / "a.mid", pitch=61)
    write_midi(folder / "b.mid")
    corpus = read(folder)
    assert [piece.name for piece in corpus.pieces] == ["b.mid"]
    assert corpus.refused == (SkippedFile("a.mid", "cannot be read (KeyError: 'hook')"),)


def test_an_interruption_passes(folder: Path, read: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(lstm_composer.trainer.corpus.readers, "read_midi", interrupt)
    write_midi(folder / "a.mid")
    with pytest.raises(KeyboardInterrupt):
        read(folder)


def test_a_missing_folder(folder: Path, read: Reader) -> None:
    with pytest.raises(CorpusError, match="nowhere does not exist"):
        read(folder / "nowhere")


def test_a_folder_without_music(folder: Path, read: Reader) -> None:
    (folder / "README.md").write_text("not music")
    with pytest.raises(CorpusError, match=r"holds no music: .*\.mid"):
        read(folder)


def test_a_folder_in_which_nothing_can_be_read_names_the_first_reasons(folder: Path, read: Reader) -> None:
    for name in "abcde":
        (folder / f"{name}.mid").write_bytes(b"")
    with pytest.raises(CorpusError, match=r"a\.mid is empty .*c\.mid is empty .*and 2 more$"):
        read(folder)


def test_an_unknown_corpus_of_music21(read: Reader) -> None:
    pytest.importorskip("music21")
    with pytest.raises(InputError, match="music21:bach"):
        read("music21:elgar")


def test_a_benchmark_file(tmp_path: Path, read: Reader) -> None:
    long = [[60 + step % 5, -1, -1, -1] for step in range(20)]
    (tmp_path / "jsb.json").write_text(json.dumps({"train": [long, long[:4]], "test": [long]}))
    corpus = read(tmp_path / "jsb.json")
    assert [(piece.name, piece.part) for piece in corpus.pieces] == [("train/0", "train"), ("test/0", "test")]
    assert [refusal.name for refusal in corpus.refused] == ["train/1"]


def test_another_json_file_is_named(tmp_path: Path, read: Reader) -> None:
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(CorpusError, match=r"a\.json holds none of the parts"):
        read(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("files", "styles"),
    [
        (("bach/a.mid", "joplin/b.mid", "joplin/rags/c.mid"), ("bach", "joplin")),
        (("bach/a.mid", "joplin/b.mid", "c.mid"), ()),
        (("bach/a.mid", "bach/b.mid"), ()),
        (("bach/a.mid", "joplin/b.mid", "docs/readme.txt"), ()),
        (("bach/a.mid", "joplin/b.mid", "readme.txt", ".git/c.mid"), ("bach", "joplin")),
        (("a.mid",), ()),
    ],
    ids=["two", "one file beside", "only one", "one without music", "other files", "no folders"],
)
def test_sub_folders_that_all_hold_music_are_styles(
    folder: Path, read: Reader, files: tuple[str, ...], styles: tuple[str, ...]
) -> None:
    for name in files:
        if name.endswith(".mid"):
            write_midi(folder / name)
        else:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text("not music")
    corpus = read(folder)
    assert corpus.styles == styles
    assert len(corpus.pieces) == sum(name.endswith(".mid") and not name.startswith(".") for name in files)
    assert {style_folder(piece) for piece in corpus.pieces} >= set(styles)


def test_a_single_file_has_no_styles(folder: Path, read: Reader) -> None:
    write_midi(folder / "a.mid")
    assert read(folder / "a.mid").styles == ()
