"""MusicXML 4.0 of a score: the same bytes for the same score.

What is written is what MuseScore, Finale, Sibelius, Dorico and music21 read. Of a note whose written length is not what
was played, `release` says by how many ticks it was longer or shorter, as MusicXML has it; most programs pass over that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, SubElement, TreeBuilder, indent, tostring

from lstm_composer.runtime.music.notes import TICKS_PER_QUARTER
from lstm_composer.runtime.score.voices import MOST_VOICES
from lstm_composer.runtime.score.written import VALUES, Bar, Head, Part, Score, Symbol, Voice, heads
from lstm_composer.runtime.system.visible_text import visible

_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_FORTE: Final = 90
"""The velocity that MusicXML's `dynamics` of a note is a percentage of."""
_WITHOUT_STEM: Final = ("whole", "breve")
_CLEF_LINE: Final = {"G": 2, "F": 4}
_BEATS: Final = {ticks: (name, 0) for name, ticks in VALUES.items()} | {
    ticks * 3 // 2: (name, 1) for name, ticks in VALUES.items() if ticks % 2 == 0
}

Heads = Mapping[tuple[int, int], Head]
"""By the number of the note and the first tick of the head."""


def musicxml(score: Score) -> bytes:
    """Return the file that holds a score, in UTF-8."""
    root = Element("score-partwise", version="4.0")
    _text(SubElement(root, "work"), "work-title", score.title)
    identification = SubElement(root, "identification")
    _text(identification, "creator", "LSTM Composer", type="composer")
    _text(SubElement(identification, "encoding"), "software", "LSTM Composer")
    listed = SubElement(root, "part-list")
    for number, part in enumerate(score.parts, start=1):
        _write_name(SubElement(listed, "score-part", id=f"P{number}"), part, number)
    for number, part in enumerate(score.parts, start=1):
        _write_part(SubElement(root, "part", id=f"P{number}"), score, part, is_first=number == 1)
    indent(root, space="")
    return (_HEAD + tostring(root, encoding="unicode") + "\n").encode()


def _write_name(named: Element, part: Part, number: int) -> None:
    """Write what a part is called, and that a piano plays it, whatever it is called."""
    if part.name:
        _text(named, "part-name", part.name)
    else:
        _text(named, "part-name", "Piano", **{"print-object": "no"})
    instrument = f"P{number}-I1"
    _text(SubElement(named, "score-instrument", id=instrument), "instrument-name", "Piano")
    sounds = SubElement(named, "midi-instrument", id=instrument)
    _text(sounds, "midi-channel", (number - 1) % 16 + 1)
    _text(sounds, "midi-program", 1)


def _text(parent: Element, tag: str, text: object, **attributes: str) -> None:
    builder = TreeBuilder()
    builder.start(tag, attributes)
    builder.data(visible(str(text)))
    builder.end(tag)
    parent.append(builder.close())


def _write_part(element: Element, score: Score, part: Part, *, is_first: bool) -> None:
    found = {(head.note.number, head.symbol.start): head for head in heads(part)}
    for index, bar in enumerate(score.bars):
        measure = SubElement(element, "measure", number=str(index + 1))
        _write_attributes(measure, score, part, index)
        if is_first:
            _write_tempos(measure, score, bar)
        if bar.start in part.dynamics:
            mark = SubElement(measure, "direction", placement="below")
            SubElement(SubElement(SubElement(mark, "direction-type"), "dynamics"), part.dynamics[bar.start])
            _text(mark, "staff", 1)
        is_begun = False
        for staff, bars in enumerate(part.staves):
            voices = bars[index].voices
            for number, voice in enumerate(voices):
                if is_begun:
                    _text(SubElement(measure, "backup"), "duration", bar.end - bar.start)
                is_begun = True
                place = _Place(staff, number, is_alone=len(voices) == 1, has_staves=len(part.staves) > 1)
                _write_voice(measure, score, found, voice, place)
        if index + 1 == len(score.bars):
            _text(SubElement(measure, "barline", location="right"), "bar-style", "light-heavy")


def _write_attributes(measure: Element, score: Score, part: Part, index: int) -> None:
    """Write what is new at a bar: all of it at the first one."""
    attributes = Element("attributes")
    bar = score.bars[index]
    if index == 0:
        _text(attributes, "divisions", TICKS_PER_QUARTER)
        key = SubElement(attributes, "key")
        _text(key, "fifths", score.key.fifths)
        _text(key, "mode", score.key.mode)
    if index == 0 or score.bars[index - 1].meter != bar.meter:
        time = SubElement(attributes, "time")
        _text(time, "beats", bar.meter.numerator)
        _text(time, "beat-type", bar.meter.denominator)
    if index == 0 and len(part.staves) > 1:
        _text(attributes, "staves", len(part.staves))
    for number, bars in enumerate(part.staves, start=1):
        if index == 0 or bars[index - 1].clef != bars[index].clef:
            clef = SubElement(attributes, "clef", {"number": str(number)} if len(part.staves) > 1 else {})
            _text(clef, "sign", bars[index].clef)
            _text(clef, "line", _CLEF_LINE[bars[index].clef])
    if len(attributes):
        measure.append(attributes)


def _write_tempos(measure: Element, score: Score, bar: Bar) -> None:
    """Write the tempos that begin in a bar: in beats of the meter, rounded, and exactly for programs."""
    is_one = bar.meter.numerator == 3 and bar.meter.denominator >= 8  # 3/8 is counted in ones
    ticks = bar.meter.ticks_per_bar if is_one else bar.meter.ticks_per_beat
    ticks = ticks if ticks in _BEATS else TICKS_PER_QUARTER
    beat, dots = _BEATS[ticks]
    for tick, tempo_bpm in score.tempos:
        if not bar.start <= tick < bar.end:
            continue
        direction = SubElement(measure, "direction", placement="above")
        metronome = SubElement(SubElement(direction, "direction-type"), "metronome", parentheses="no")
        _text(metronome, "beat-unit", beat)
        for _ in range(dots):
            SubElement(metronome, "beat-unit-dot")
        _text(metronome, "per-minute", round(tempo_bpm * TICKS_PER_QUARTER / ticks))
        if tick > bar.start:
            _text(direction, "offset", tick - bar.start)
        SubElement(direction, "sound", tempo=f"{tempo_bpm:.6g}")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a voice stands: its staff and its number there, from 0; alone or not, on one staff of several or not."""

    staff: int
    voice: int
    is_alone: bool
    has_staves: bool

    @property
    def stem(self) -> str | None:
        """Where stems of voices that share a staff point; of one alone the engraver knows."""
        return None if self.is_alone else "up" if self.voice % 2 == 0 else "down"


def _write_voice(measure: Element, score: Score, found: Heads, voice: Voice, place: _Place) -> None:
    for symbol in voice:
        if not symbol.notes:
            rest = SubElement(measure, "note", {} if symbol.is_visible else {"print-object": "no"})
            SubElement(rest, "rest", {} if symbol.value else {"measure": "yes"})
            _write_length(rest, symbol, place)
        for index, note in enumerate(symbol.notes):
            head = found[note.number, symbol.start]
            element = SubElement(measure, "note", _attributes_of(score, head))
            if index:
                SubElement(element, "chord")
            spelling = score.spellings[note.number]
            pitch = SubElement(element, "pitch")
            _text(pitch, "step", spelling.letter)
            if spelling.alter:
                _text(pitch, "alter", spelling.alter)
            _text(pitch, "octave", spelling.octave)
            _write_length(element, symbol, place, head, score.accidentals.get(head.id), is_first=index == 0)


def _attributes_of(score: Score, head: Head) -> dict[str, str]:
    """Return the id of a head, and what programs that play it need to play it as it was."""
    note, symbol = head.note, head.symbol
    attributes = {"id": head.id}
    if score.has_dynamics:
        attributes["dynamics"] = f"{100 * note.velocity / _FORTE:.2f}"
    if symbol.end == note.end != note.sounding_end:
        attributes["release"] = str(note.sounding_end - note.end)
    return attributes


def _write_length(
    element: Element,
    symbol: Symbol,
    place: _Place,
    head: Head | None = None,
    accidental: str | None = None,
    *,
    is_first: bool = True,
) -> None:
    """Write what follows the pitch of a note, in the order that MusicXML asks for."""
    _text(element, "duration", symbol.ticks)
    ties = [] if head is None else [kind for kind in ("stop", "start") if _is_tied(head, kind)]
    for kind in ties:
        SubElement(element, "tie", type=kind)
    _text(
        element, "voice", 1 + MOST_VOICES * place.staff + place.voice
    )  # 1 to 4 on the first staff, 5 to 8 on the second
    if symbol.value:
        _text(element, "type", symbol.value)
    for _ in range(symbol.dots):
        SubElement(element, "dot")
    if accidental is not None:
        _text(element, "accidental", accidental)
    if symbol.tuplet is not None:
        ratio = SubElement(element, "time-modification")
        _text(ratio, "actual-notes", symbol.tuplet.actual)
        _text(ratio, "normal-notes", symbol.tuplet.normal)
        if symbol.tuplet.value != symbol.value:
            _text(ratio, "normal-type", symbol.tuplet.value)
    if head is not None and place.stem is not None and symbol.value not in _WITHOUT_STEM:
        _text(element, "stem", place.stem)
    if place.has_staves:
        _text(element, "staff", place.staff + 1)
    for level, beam in enumerate(symbol.beams if is_first else (), start=1):
        _text(element, "beam", beam, number=str(level))
    _write_notations(element, symbol, ties, is_first=is_first)


def _write_notations(element: Element, symbol: Symbol, ties: Sequence[str], *, is_first: bool) -> None:
    """Write ties as they are seen, the ends of tuplets, with a bracket where no beam shows them, and staccato dots."""
    is_edge = bool(symbol.edge) and is_first
    is_staccato = is_first and bool(symbol.notes) and all(note.is_staccato for note in symbol.notes) and not ties
    if not ties and not is_edge and not is_staccato:
        return
    notations = SubElement(element, "notations")
    for kind in ties:
        SubElement(notations, "tied", type=kind)
    if is_edge:
        is_start = symbol.edge == "start"
        bracket = {"bracket": "yes" if symbol.has_bracket else "no"} if is_start else {}
        SubElement(notations, "tuplet", {"type": symbol.edge, "number": "1", **bracket})
    if is_staccato:
        SubElement(SubElement(notations, "articulations"), "staccato")


def _is_tied(head: Head, kind: str) -> bool:
    note, symbol = head.note, head.symbol
    return symbol.start > note.onset if kind == "stop" else symbol.end < note.end
