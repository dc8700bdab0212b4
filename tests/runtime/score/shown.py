"""A score in a few words, for tables of tests, and what a MusicXML file says, read without our own code."""

from xml.etree.ElementTree import Element, fromstring

from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import Meter, Note
from lstm_composer.runtime.score.score import score_of
from lstm_composer.runtime.score.written import Score, ScoreSettings, Symbol, Voice

METERS = (
    *("4/4", "3/4", "2/4", "5/4", "6/4", "9/4", "11/4", "2/2", "4/2", "3/8", "5/8", "7/8", "11/8"),
    *("6/8", "9/8", "12/8", "6/16", "1/32", "5/32", "64/1"),
)
_NUMBERS = {"breve": "0", "whole": "1", "half": "2", "quarter": "4", "eighth": "8", "": "bar"}
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def notes_of(*given: tuple[int, int, int]) -> list[Note]:
    """Make notes of (onset, pitch, duration)."""
    return [Note(onset, pitch, duration, 64) for onset, pitch, duration in given]


def scored(notes: list[Note], meter: str = "4/4", notation: str = "played", **more: object) -> Score:
    """Return the score of notes in one meter."""
    meters = (MeterChange(0, Meter.parse(meter)),)
    settings = ScoreSettings(title="x", meters=meters, tempos=((0, 120.0),), notation=notation, **more)  # type: ignore[arg-type]
    return score_of(notes, settings)


def values(voice: Voice) -> str:
    """Say how a voice is written: "4. 8~ 16 r4" for dots, ties and rests, "(3 8 8 8)" for a triplet."""
    return " ".join(_word(symbol) for symbol in voice)


def _word(symbol: Symbol) -> str:
    number = _NUMBERS.get(symbol.value, symbol.value.removesuffix("th").removesuffix("nd"))
    rest = "" if symbol.notes else "r" if symbol.is_visible else "s"
    word = rest + number + "." * symbol.dots
    if any(note.end > symbol.end for note in symbol.notes):
        word += "~"
    if symbol.edge == "start" and symbol.tuplet is not None:
        return f"({symbol.tuplet.actual} {word}"
    return word + (")" if symbol.edge == "stop" else "")


def parsed(text: str | bytes) -> Element:
    """Parse XML that we made."""
    return fromstring(text)  # noqa: S314 - our own


def read_back(data: bytes) -> list[tuple[int, int, int]]:
    """Return (onset, pitch, duration) of every note in a MusicXML file, ties joined, sorted."""
    found: list[tuple[int, int, int]] = []
    for part in parsed(data).iter("part"):
        found += _joined(_heads(part))
    return sorted(found)


def _heads(part: Element) -> list[tuple[int, int, int, bool]]:
    """Return onset, end, pitch and whether a tie leads to it, of each head of a part."""
    heads = []
    bar = 0
    for measure in part:
        at = begun = end = bar
        for element in measure:
            ticks = int(element.findtext("duration") or 0)
            if element.tag == "backup":
                at -= ticks
            if element.tag != "note":
                continue
            if element.find("chord") is None:
                begun, at = at, at + ticks
            end = max(end, at)
            pitch = element.find("pitch")
            if pitch is not None:
                is_tied = any(tie.get("type") == "stop" for tie in element.findall("tie"))
                heads.append((begun, begun + ticks, _number(pitch), is_tied))
        bar = end
    return sorted(heads)


def _number(pitch: Element) -> int:
    step, alter, octave = (pitch.findtext(tag) or "0" for tag in ("step", "alter", "octave"))
    return 12 * (int(octave) + 1) + _SEMITONES[step] + int(alter)


def _joined(heads: list[tuple[int, int, int, bool]]) -> list[tuple[int, int, int]]:
    notes: list[tuple[int, int, int]] = []
    ending: dict[tuple[int, int], int] = {}
    for start, end, pitch, is_tied in heads:
        if is_tied:
            index = ending.pop((pitch, start))
            notes[index] = (notes[index][0], pitch, end - notes[index][0])
        else:
            index = len(notes)
            notes.append((start, pitch, end - start))
        ending[pitch, end] = index
    return notes
