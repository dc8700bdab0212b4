"""What is in a corpus: how much music, of what kind, what is doubtful in it and what was left out.

The report is plain data: corpus.json keeps it, `as_markdown` shows it to a musician, a plot draws its counts.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from lstm_composer.runtime.music.key_estimation import key_of
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.music.pitches import pitch_class_names, pitch_name
from lstm_composer.trainer.corpus.corpus import Corpus
from lstm_composer.trainer.dataset.split import near_duplicates
from lstm_composer.trainer.pieces.piece import Piece
from lstm_composer.trainer.pieces.timing_quality import longest_stretch, timing_quality
from lstm_composer.trainer.text.markdown import plain

_SHOWN = 12
_SECONDS_PER_HOUR = 3600
_NAMES = pitch_class_names(2)


class Range(msgspec.Struct, frozen=True, rename={"min": "least", "median": "middle", "max": "greatest"}):
    """The extremes and the median of some numbers; corpus.json calls them least, middle and greatest."""

    min: float
    median: float
    max: float


class PieceTiming(msgspec.Struct, frozen=True):
    """How well one piece keeps its own time, in the words of `trainer.pieces.timing_quality.TimingQuality`, rounded."""

    off_tick: float
    off_grid: float
    pulse: float
    meter_doubt: float
    faults: tuple[str, ...] = ()


class CorpusReport(msgspec.Struct, frozen=True, kw_only=True):
    """A corpus in figures.

    Attributes:
        source: Where it came from.
        pieces: How many.
        performed_pieces: How many of them with velocities that were played.
        notes: In all pieces.
        hours: How long all pieces last at their own tempos.
        tempo_bpm: Of the pieces' tempos, in quarter notes a minute.
        meters: Pieces by the meter in which they are longest, the commonest first.
        keys: Pieces by their estimated key, the commonest first.
        pitches: Notes by MIDI pitch, rising.
        polyphony: Ticks during which so many notes sound at once, rising; 0 is silence before the last note ends.
        timing: How well each piece keeps its time, by its name.
        duplicates: Names of the pieces that are near-duplicates of each other, group by group.
        refused: What was left out, and why.

    """

    source: str
    pieces: int
    performed_pieces: int
    notes: int
    hours: float
    tempo_bpm: Range
    meters: dict[str, int]
    keys: dict[str, int]
    pitches: dict[int, int]
    polyphony: dict[int, int]
    timing: dict[str, PieceTiming]
    duplicates: list[list[str]]
    refused: dict[str, str]

    @property
    def untidy(self) -> dict[str, str]:
        """Pieces that do not keep the time that they write down, and why."""
        return {name: "; ".join(timing.faults) for name, timing in self.timing.items() if timing.faults}


def report_of(corpus: Corpus) -> CorpusReport:
    """Look at every piece; takes about as long as reading MIDI files does."""
    pieces = corpus.pieces
    return CorpusReport(
        source=corpus.source,
        pieces=len(pieces),
        performed_pieces=sum(piece.performed for piece in pieces),
        notes=sum(len(piece.notes) for piece in pieces),
        hours=round(sum(piece.timing.seconds for piece in pieces) / _SECONDS_PER_HOUR, 3),
        tempo_bpm=_range([piece.tempo_bpm for piece in pieces]),
        meters=_commonest_first(str(longest_stretch(piece).meter) for piece in pieces),
        keys=_commonest_first(key_of(piece.notes) for piece in pieces),
        pitches=_rising(Counter(note.pitch for piece in pieces for note in piece.notes)),
        polyphony=_rising(sum((polyphony_of(piece.notes) for piece in pieces), Counter())),
        timing={piece.name: _timing_of(piece) for piece in pieces},
        duplicates=[[piece.name for piece in group] for group in near_duplicates(pieces) if len(group) > 1],
        refused={refusal.name: refusal.reason for refusal in corpus.refused},
    )


def polyphony_of(notes: Iterable[Note]) -> Counter[int]:
    """For how many ticks so many notes sound at once, from the first onset to the last end."""
    changes: Counter[int] = Counter()
    for note in notes:
        changes[note.onset] += 1
        changes[note.end] -= 1
    held: Counter[int] = Counter()
    sounding, since = 0, 0
    for tick, change in sorted(changes.items()):
        if sounding or held:
            held[sounding] += tick - since
        sounding, since = sounding + change, tick
    return held


def as_markdown(report: CorpusReport) -> str:
    """Lay the report out as Markdown: a table of figures, then what deserves a look."""
    tempo = report.tempo_bpm
    rows = {
        "pieces": f"{report.pieces:,} ({report.performed_pieces:,} with played velocities)",
        "notes": f"{report.notes:,}",
        "hours": f"{report.hours:.1f}",
        "tempo": f"{tempo.min:.0f} to {tempo.max:.0f} quarter notes a minute, in the middle {tempo.median:.0f}",
        "range": f"{pitch_name(min(report.pitches), _NAMES)} to {pitch_name(max(report.pitches), _NAMES)}",
        "notes at once": _shares(report.polyphony),
        "meters": _counts(report.meters),
        "keys (estimated)": _counts(report.keys),
    }
    table = "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())])
    lists = [
        _listed("Untidy", "do not keep the time that they write down", _named(report.untidy)),
        _listed("Near-duplicates", "are kept on one side of the split", [", ".join(g) for g in report.duplicates]),
        _listed("Left out", "could not be used", _named(report.refused)),
    ]
    return "\n\n".join([f"# The music in {plain(report.source)}", table, *(part for part in lists if part)]) + "\n"


def _timing_of(piece: Piece) -> PieceTiming:
    found = timing_quality(piece)
    return PieceTiming(
        round(found.off_tick, 3),
        round(found.off_grid, 3),
        round(found.pulse, 3),
        round(found.meter_doubt, 3),
        found.faults,
    )


def _range(values: Sequence[float]) -> Range:
    ordered = sorted(values)
    return Range(ordered[0], ordered[len(ordered) // 2], ordered[-1])


def _commonest_first(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))


def _rising(counts: Counter[int]) -> dict[int, int]:
    return dict(sorted(counts.items()))


def _counts(counts: dict[str, int]) -> str:
    shown = [f"{name} {count}" for name, count in list(counts.items())[:_SHOWN]]
    others = sum(list(counts.values())[_SHOWN:])
    return ", ".join([*shown, f"others {others}"] if others else shown)


def _shares(ticks: dict[int, int]) -> str:
    """Shares of the time, those of a percent and more."""
    total = sum(ticks.values())
    return ", ".join(f"{count}: {held / total:.0%}" for count, held in ticks.items() if held >= 0.01 * total)


def _named(reasons: dict[str, str]) -> list[str]:
    return [f"{name} {reason}" for name, reason in reasons.items()]


def _listed(title: str, what: str, entries: Sequence[str]) -> str:
    """A section, or nothing if there is nothing in it."""
    if not entries:
        return ""
    shown = [f"- {plain(entry)}" for entry in entries[:_SHOWN]]
    more = [f"- and {len(entries) - _SHOWN} more: corpus.json names them all"] if len(entries) > _SHOWN else []
    return "\n".join([f"## {title}", "", f"{len(entries)} {what}:", "", *shown, *more])
