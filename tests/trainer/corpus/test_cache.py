from pathlib import Path

import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.trainer.corpus import cache
from lstm_composer.trainer.corpus.cache import decode_reading, encode_reading, is_cached, read_cached
from lstm_composer.trainer.pieces.piece import Piece, ReadResult, SkippedFile, Timing

NOTES = (Note(0, 60, 24, 64), Note(24, 62, 24, 65))
METERS = (MeterChange(0, Meter(3, 4)), MeterChange(72, Meter(6, 8)))


class Reader:
    """Counts how often it reads, and gives what a file named `name` gives."""

    def __init__(self, *, pieces: bool = True) -> None:
        self.pieces, self.reads = pieces, 0

    def __call__(self, name: str = "a.abc") -> ReadResult:
        self.reads += 1
        pieces = (
            Piece(f"{name}#1", NOTES, METERS, 72.5, performed=True, timing=Timing(0.125, 3, 1.5)),
            Piece(name, NOTES, METERS, 120.0, performed=False),
        )
        return ReadResult(pieces if self.pieces else (), (SkippedFile(f"{name}#2", "holds no notes"),))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.abc"
    path.write_bytes(b"some music")
    return path


@pytest.fixture
def cache_dir(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "corpus"


def test_the_second_reading_is_the_first_without_reading(file: Path, cache_dir: Path) -> None:
    reader = Reader()
    first = read_cached(file, "a.abc", "music21", reader, cache_dir)
    second = read_cached(file, "a.abc", "music21", reader, cache_dir)
    assert first == second == Reader()()
    assert reader.reads == 1


def test_it_is_known_what_is_in_the_cache(file: Path, cache_dir: Path) -> None:
    assert not is_cached(file, "music21", cache_dir)
    read_cached(file, "a.abc", "music21", Reader(), cache_dir)
    assert is_cached(file, "music21", cache_dir)
    assert not is_cached(file, "another package", cache_dir)


def test_a_packed_reading_is_unpacked_under_todays_name() -> None:
    assert decode_reading(encode_reading(Reader()("a.abc"), "a.abc"), "b.abc") == Reader()("b.abc")


def test_a_moved_file_is_known_by_its_content_and_called_by_its_new_name(file: Path, cache_dir: Path) -> None:
    reader = Reader()
    read_cached(file, "a.abc", "music21", reader, cache_dir)
    moved = read_cached(file.rename(file.with_name("b.abc")), "songs/b.abc", "music21", reader, cache_dir)
    assert moved == Reader()("songs/b.abc")
    assert reader.reads == 1


def test_other_bytes_another_package_or_suffix_are_read_anew(file: Path, cache_dir: Path) -> None:
    reader = Reader()
    read_cached(file, "a.abc", "music21", reader, cache_dir)
    read_cached(file, "a.abc", "a package that nobody has", reader, cache_dir)
    file.write_bytes(b"other music")
    read_cached(file, "a.abc", "music21", reader, cache_dir)
    read_cached(file.rename(file.with_suffix(".krn")), "a.krn", "music21", reader, cache_dir)
    assert reader.reads == 4


def test_a_reader_that_has_changed_reads_anew(file: Path, cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader()
    read_cached(file, "a.abc", "music21", reader, cache_dir)
    monkeypatch.setattr("lstm_composer.trainer.corpus.cache._readers_digest", lambda: "other")
    read_cached(file, "a.abc", "music21", reader, cache_dir)
    assert reader.reads == 2


def test_all_that_reads_music_is_part_of_the_key() -> None:
    root = Path(cache.__file__).parents[1]
    names = {path.name for path in cache._modules(root)}
    assert {"readers.py", "jsb_reader.py", "midi_reader.py", "score_reader.py", "piece.py"} <= names
    assert all((root.parents[1] / name).exists() for name in cache.READERS)


@pytest.mark.parametrize("damage", [b"", b"\xc1", b'{"pieces": []}', b"\x92\x91\xc0\x90", None])
def test_a_damaged_entry_is_read_again_and_mended(file: Path, cache_dir: Path, damage: bytes | None) -> None:
    reader = Reader()
    read_cached(file, "a.abc", "music21", reader, cache_dir)
    [entry] = cache_dir.iterdir()
    entry.write_bytes(entry.read_bytes()[:-3] if damage is None else damage)
    for _ in range(2):
        assert read_cached(file, "a.abc", "music21", reader, cache_dir) == Reader()()
    assert reader.reads == 2


def test_a_reading_without_pieces_is_not_kept(file: Path, cache_dir: Path) -> None:
    reader = Reader(pieces=False)
    read_cached(file, "a.abc", "music21", reader, cache_dir)
    assert not cache_dir.exists()


def test_a_reader_that_fails_leaves_nothing(file: Path, cache_dir: Path) -> None:
    def fail() -> ReadResult:
        raise InputError("is damaged")

    with pytest.raises(InputError):
        read_cached(file, "a.abc", "music21", fail, cache_dir)
    assert not cache_dir.exists()


def test_a_cache_that_cannot_be_written_costs_time_only(file: Path, tmp_path: Path) -> None:
    reader = Reader()
    (tmp_path / "plain").write_text("a file, where a folder would be needed")
    for _ in range(2):
        assert read_cached(file, "a.abc", "music21", reader, tmp_path / "plain" / "corpus") == Reader()()
    assert reader.reads == 2


def test_nothing_but_the_entry_is_left_in_the_folder(file: Path, cache_dir: Path) -> None:
    read_cached(file, "a.abc", "music21", Reader(), cache_dir)
    assert [path.suffix for path in cache_dir.iterdir()] == [".msgpack"]
