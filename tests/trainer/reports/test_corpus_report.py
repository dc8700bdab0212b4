from collections import Counter
from collections.abc import Callable

import msgspec
import pytest

from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.trainer.corpus.corpus import Corpus
from lstm_composer.trainer.pieces.piece import Piece, SkippedFile, make_piece
from lstm_composer.trainer.reports.corpus_report import CorpusReport, Range, as_markdown, polyphony_of, report_of

MakeWalk = Callable[[int, int], Piece]


def scale(name: str, tonic: int, meter: str, tempo_bpm: float) -> Piece:
    """A major scale in quarters, up and down."""
    steps = [0, 2, 4, 5, 7, 9, 11, 12, 12, 11, 9, 7, 5, 4, 2, 0]
    notes = [Note(24 * index, tonic + step, 24, 78) for index, step in enumerate(steps)]
    return make_piece(name, notes, [MeterChange(0, Meter.parse(meter))], tempo_bpm)


@pytest.fixture
def report() -> CorpusReport:
    pieces = (scale("a", 60, "4/4", 60.0), scale("b", 67, "4/4", 90.0), scale("c", 48, "3/4", 120.0))
    return report_of(Corpus(pieces, (SkippedFile("d.mid", "is empty (0 bytes)"),), "music"))


def test_figures(report: CorpusReport) -> None:
    assert (report.source, report.pieces, report.performed_pieces, report.notes) == ("music", 3, 0, 48)
    assert report.hours == pytest.approx(16 * (1 + 2 / 3 + 1 / 2) / 3600, abs=0.001)
    assert report.tempo_bpm == Range(60.0, 90.0, 120.0)
    assert list(report.meters.items()) == [("4/4", 2), ("3/4", 1)]
    assert list(report.keys.items()) == [("C major", 2), ("G major", 1)]
    assert (min(report.pitches), max(report.pitches), sum(report.pitches.values())) == (48, 79, 48)
    assert list(report.pitches) == sorted(report.pitches)
    assert report.polyphony == {1: 3 * 16 * 24}
    assert report.refused == {"d.mid": "is empty (0 bytes)"}
    assert list(report.timing) == ["a", "b", "c"]
    assert report.untidy == {}


def test_near_duplicates_are_named(make_walk: MakeWalk) -> None:
    first, other = make_walk(1, 200), make_walk(2, 200)
    higher = [Note(note.onset, note.pitch + 3, note.duration, note.velocity) for note in first.notes]
    report = report_of(Corpus((first, other, make_piece("again", higher)), (), "music"))
    assert report.duplicates == [["walk1", "again"]]
    assert report.performed_pieces == 3


def test_untidy_pieces_are_named() -> None:
    waltz = [Note(72 * bar + tick, pitch, 24, 78) for bar in range(80) for tick, pitch in ((0, 36), (48, 60))]
    report = report_of(Corpus((make_piece("waltz.mid", waltz),), (), "music"))
    assert list(report.untidy) == ["waltz.mid"]
    assert "waltz.mid says 4/4 but repeats in three quarters" in as_markdown(report)


@pytest.mark.parametrize(
    ("notes", "ticks"),
    [
        ([], {}),
        ([Note(0, 60, 24, 78)], {1: 24}),
        ([Note(48, 60, 24, 78)], {1: 24}),
        ([Note(0, 60, 24, 78), Note(0, 64, 12, 78)], {2: 12, 1: 12}),
        ([Note(0, 60, 24, 78), Note(24, 60, 24, 78)], {1: 48}),
        ([Note(0, 60, 24, 78), Note(36, 60, 24, 78)], {1: 48, 0: 12}),
        ([Note(0, 60, 10**12, 78)], {1: 10**12}),
    ],
)
def test_polyphony(notes: list[Note], ticks: dict[int, int]) -> None:
    assert polyphony_of(notes) == Counter(ticks)


def test_the_report_survives_json(report: CorpusReport) -> None:
    assert msgspec.json.decode(msgspec.json.encode(report), type=CorpusReport) == report


def test_the_table_for_a_musician(report: CorpusReport) -> None:
    text = as_markdown(report)
    for line in (
        "# The music in music",
        "| pieces | 3 (0 with played velocities) |",
        "| notes | 48 |",
        "| tempo | 60 to 120 quarter notes a minute, in the middle 90 |",
        "| range | C3 to G5 |",
        "| notes at once | 1: 100% |",
        "| meters | 4/4 2, 3/4 1 |",
        "| keys (estimated) | C major 2, G major 1 |",
        "- d.mid is empty (0 bytes)",
    ):
        assert line in text.splitlines()
    assert "Untidy" not in text


def test_a_long_list_is_cut(report: CorpusReport) -> None:
    refused = {f"{index:02}.mid": "is empty (0 bytes)" for index in range(20)}
    text = as_markdown(msgspec.structs.replace(report, refused=refused))
    assert "20 could not be used:" in text
    assert "- 11.mid is empty (0 bytes)" in text
    assert "12.mid" not in text
    assert "- and 8 more: corpus.json names them all" in text
