"""Names of files and folders may be any bytes, and links lead anywhere: all is read once, shown and kept as text."""

import os
import sys
from pathlib import Path

import mido
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_composer.runtime.errors import CorpusError
from lstm_composer.trainer.corpus.corpus import Corpus, find_files, read_corpus
from lstm_composer.trainer.corpus.music_files import Found, files_in
from lstm_composer.trainer.reports.corpus_report import as_markdown, report_of
from lstm_composer.trainer.text.names import kept_source, shown_name, source_path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes any bytes in a file's name")

ODD = {
    b"F\xfcr Elise.mid": "F\\xfcr Elise.mid",
    b"F\\xfcr Elise.mid": "F\\\\xfcr Elise.mid",
    b"line\nbreak.mid": "line\\nbreak.mid",
    b"\x1b[31mred.mid": "\\x1b[31mred.mid",
    b"[bold red]x.mid": "[bold red]x.mid",
    b"a" * 251 + b".mid": "a" * 251 + ".mid",
    b"space .mid": "space .mid",
    b"$\\frac$.MID": "$\\\\frac$.MID",
    "曲.Mid".encode(): "曲.Mid",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "music"
    path.mkdir()
    return path


def write_midi(path: Path, pitch: int) -> None:
    track = mido.MidiTrack()
    for step in range(16):
        track.append(mido.Message("note_on", note=pitch + step % 5, time=0))
        track.append(mido.Message("note_off", note=pitch + step % 5, time=480))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        mido.MidiFile(tracks=[track]).save(file=file)


def read(source: Path | str, tmp_path: Path) -> Corpus:
    return read_corpus(str(source), cache_dir=tmp_path / "cache")


def found_in(folder: Path) -> tuple[list[str], dict[str, str]]:
    found: Found = files_in(folder, (".mid",))
    return [file.name for file in found.files], {refusal.name: refusal.reason for refusal in found.refused}


@given(names=st.tuples(*[st.binary(min_size=1, max_size=12).filter(lambda name: not {0, 47} & set(name))] * 2))
def test_names_are_shown_on_one_line_and_stay_apart(names: tuple[bytes, bytes]) -> None:
    shown = [shown_name(os.fsdecode(name)) for name in names]
    assert all(name.encode() and len(name.splitlines()) == 1 for name in shown)
    assert (shown[0] == shown[1]) == (names[0] == names[1])


def test_files_with_odd_names_are_read_and_named_in_every_file_of_a_run(folder: Path, tmp_path: Path) -> None:
    for pitch, name in enumerate(ODD, start=40):
        write_midi(folder / os.fsdecode(name), pitch)
    (folder / os.fsdecode(b"b\xe4d\n.mid")).write_bytes(b"nothing")
    corpus = read(folder, tmp_path)
    assert [piece.name for piece in corpus.pieces] == sorted(ODD.values())
    [refusal] = corpus.refused
    assert refusal.name == "b\\xe4d\\n.mid"
    report = report_of(corpus)
    assert set(msgspec.json.decode(msgspec.json.encode(report))["timing"]) == set(ODD.values())
    assert "b\\\\xe4d\\\\n.mid" in as_markdown(report)  # Markdown shows two backslashes as one
    again = read(folder, tmp_path)  # from the cache
    assert again.pieces == corpus.pieces


@pytest.mark.parametrize("name", [b"mus\xfc", b"line\nbreak", b"\x1b[31m"])
def test_a_source_with_an_odd_name_is_kept_as_an_address_that_can_be_read_again(tmp_path: Path, name: bytes) -> None:
    source = tmp_path / os.fsdecode(name)
    write_midi(source / "a.mid", 60)
    corpus = read(source, tmp_path)
    assert msgspec.json.encode(corpus.source)
    assert corpus.source.startswith("file://")
    assert source_path(corpus.source) == source
    assert read(corpus.source, tmp_path).pieces == corpus.pieces
    assert kept_source(corpus.source) == corpus.source


@given(name=st.text(alphabet=st.characters(categories=["L", "N", "P", "Zs"]), min_size=1).filter(str.isprintable))
def test_other_sources_are_kept_as_they_were_given(name: str) -> None:
    assert kept_source(name) == name


@pytest.mark.parametrize(
    "source", ["", "nowhere", "a" * 300, "a\0b", "nowhere" + os.fsdecode(b"\xfc\n"), "~nosuchuser/music", "none.json"]
)
def test_a_source_that_is_not_there_is_one_line(source: str) -> None:
    with pytest.raises(CorpusError, match=r"does not exist|names no home folder") as error:
        read_corpus(source)
    assert str(error.value).isprintable()


def test_a_style_is_not_named_by_bytes(folder: Path, tmp_path: Path) -> None:
    for pitch, name in enumerate((b"bach", b"h\xe4ndel"), start=60):
        write_midi(folder / os.fsdecode(name) / "a.mid", pitch)
    assert read(folder, tmp_path).styles == ("bach", "h\\xe4ndel")


def test_linked_folders_and_files_are_read_once(folder: Path, tmp_path: Path) -> None:
    write_midi(tmp_path / "other" / "deep" / "b.mid", 60)
    write_midi(tmp_path / "c.mid", 62)
    write_midi(folder / "a.mid", 64)
    (folder / "linked").symlink_to("../other")
    (folder / "twice").symlink_to(tmp_path / "other" / "deep")
    (folder / "c.mid").symlink_to("../c.mid")
    (folder / "again.mid").symlink_to("a.mid")
    (folder / "text.txt").symlink_to("a.mid")
    names, refused = found_in(folder)
    assert names == ["a.mid", "c.mid", "linked/deep/b.mid"]
    assert refused == dict.fromkeys(["again.mid", "twice"], "leads to what is read already")


def test_loops_end(folder: Path, tmp_path: Path) -> None:
    write_midi(folder / "sub" / "a.mid", 60)
    (folder / "self").symlink_to(".")
    (folder / "sub" / "up").symlink_to("..")
    (folder / "sub" / "above").symlink_to("../..")
    (folder / "x.mid").symlink_to("y.mid")
    (folder / "y.mid").symlink_to("x.mid")
    names, refused = found_in(folder)
    assert names == ["sub/a.mid", "x.mid", "y.mid"]
    assert refused == dict.fromkeys(["self", "sub/up"], "leads to what is read already")
    reasons = {refusal.name: refusal.reason for refusal in read(folder, tmp_path).refused}
    assert reasons["x.mid"] == "cannot be opened (Too many levels of symbolic links)"


def test_linked_folders_are_styles(folder: Path, tmp_path: Path) -> None:
    for pitch, name in enumerate(("bach", "joplin"), start=60):
        write_midi(tmp_path / f"all of {name}" / "a.mid", pitch)
        (folder / name).symlink_to(tmp_path / f"all of {name}")
    assert read(folder, tmp_path).styles == ("bach", "joplin")


def test_what_is_no_file_is_left_out_in_a_line(folder: Path, tmp_path: Path) -> None:
    write_midi(folder / "a.mid", 60)
    write_midi(folder / "folder.mid" / "b.mid", 62)
    os.mkfifo(folder / "pipe.mid")
    os.mkfifo(folder / "pipe.krn")
    os.mkfifo(folder / "pipe.txt")
    (folder / "zero.xml").symlink_to("/dev/zero")
    (folder / "lost.mxl").symlink_to("nowhere")
    corpus = read(folder, tmp_path)
    assert [piece.name for piece in corpus.pieces] == ["a.mid", "folder.mid/b.mid"]
    assert {refusal.name: refusal.reason for refusal in corpus.refused} == {
        "lost.mxl": "cannot be opened (No such file or directory)",
        "pipe.krn": "is a pipe, not a file",
        "pipe.mid": "is a pipe, not a file",
        "zero.xml": "is a device, not a file",
    }


@pytest.mark.parametrize("name", ["pipe.mid", "pipe.json"])
def test_a_pipe_as_the_source(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(CorpusError, match="is a pipe, not a file"):
        read(tmp_path / name, tmp_path)


def test_a_folder_that_cannot_be_opened_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_midi(folder / "a.mid", 60)
    write_midi(folder / "locked" / "b.mid", 60)
    scandir = os.scandir

    def guarded(path: Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    assert found_in(folder) == (["a.mid"], {"locked": "cannot be opened (Permission denied)"})
    (folder / "a.mid").unlink()
    with pytest.raises(CorpusError, match=r"holds no music \(locked cannot be opened"):
        find_files(str(folder))
