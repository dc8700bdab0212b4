from pathlib import Path

import pytest

from lstm_composer.runtime.errors import CorpusError
from lstm_composer.trainer.corpus.corpus import read_corpus
from lstm_composer.trainer.corpus.given_split import SPLIT_FILE, read_given_split
from lstm_composer.trainer.dataset.dataset import build_dataset

ABC = "X:1\nT:{0}\nL:1/4\nM:4/4\nK:C\nCDEF GABc dcBA GFED|\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four tunebooks of one tune or two; all tunes are versions of one, so that only what is said parts them."""
    for name, tunes in {"a.abc": 1, "b/c.abc": 2, "d.abc": 1, "e.abc": 1}.items():
        path = tmp_path / "music" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(ABC.format(name).replace("X:1", f"X:{tune + 1}") for tune in range(tunes)))
    return tmp_path / "music"


def say(folder: Path, *lines: str) -> None:
    (folder / SPLIT_FILE).write_text("\n".join(["file\tpart", *lines]) + "\n")


def test_files_and_tunes(folder: Path, tmp_path: Path) -> None:
    say(folder, "a.abc\ttrain", "b/c.abc\tvalidation", "", "b/c.abc#2\ttest")
    corpus = read_corpus(str(folder), cache_dir=tmp_path / "cache", workers=0)
    assert {piece.name: piece.part for piece in corpus.pieces} == {
        "a.abc": "train",
        "b/c.abc#1": "validation",
        "b/c.abc#2": "test",
        "d.abc": None,
        "e.abc": None,
    }
    assert build_dataset(corpus, seed=0).summary()["names"] == {
        "train": ["a.abc"],
        "validation": ["b/c.abc#1"],
        "test": ["b/c.abc#2", "d.abc", "e.abc"],
    }


def test_without_the_file(folder: Path, tmp_path: Path) -> None:
    assert read_given_split(folder) == {}
    assert {piece.part for piece in read_corpus(str(folder), cache_dir=tmp_path / "cache").pieces} == {None}


def test_of_one_file_of_music(folder: Path, tmp_path: Path) -> None:
    say(folder, "a.abc\ttrain")
    assert read_corpus(str(folder / "a.abc"), cache_dir=tmp_path / "cache").pieces[0].part is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: the first line must be 'file' and 'part'"),
        ("a.abc\ttrain\n", "line 1: the first line must be"),
        ("file\tpart\na.abc train\n", "line 2: 'a.abc train' is not a file, a tab and train, validation or test"),
        ("file\tpart\na.abc\tTest\n", "line 2: .* is not a file, a tab and"),
        ("file\tpart\na.abc\ttest\textra\n", "line 2: .* is not a file, a tab and"),
        ("file\tpart\na.abc\ttest\na.abc\ttest\n", "line 3: a.abc is named twice"),
        ("file\tpart\nf.abc\ttest\n", "names f.abc, which is not there: name files as corpus.json does"),
        ("file\tpart\nb/c.abc#3\ttest\n", "names b/c.abc#3, which is not there"),
        (b"file\tpart\n\xff\xfe\tdata\n", "split.tsv .*UTF-8"),
    ],
)
def test_what_is_wrong_is_one_line(folder: Path, tmp_path: Path, text: str | bytes, says: str) -> None:
    (folder / SPLIT_FILE).write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(CorpusError, match=says) as caught:
        read_corpus(str(folder), cache_dir=tmp_path / "cache")
    assert "\n" not in str(caught.value)


def test_a_tune_that_is_refused_may_be_named(folder: Path, tmp_path: Path) -> None:
    (folder / "e.abc").write_text(ABC.format("e") + "\nX:2\nT:e\nK:C\n|>C\n")
    say(folder, "e.abc#2\ttest")
    corpus = read_corpus(str(folder), cache_dir=tmp_path / "cache")
    assert "e.abc#2" in {refusal.name for refusal in corpus.refused}
