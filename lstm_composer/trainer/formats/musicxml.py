"""MusicXML made ready for music21: taken out of its archive, checked, and mended where music21 would misread it.

Seen with music21 10: of an archive it reads the first score that lies in it instead of the one that its container
names; cue notes sound; scores written bar by bar (score-timewise) and transpositions in semitones alone are refused.
"""

import codecs
import posixpath
import re
import zipfile
import zlib
from io import BytesIO
from typing import Final
from urllib.parse import unquote
from xml.etree import ElementTree as ET
from xml.parsers import expat

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.foreign_files import MEBIBYTE, shown_bytes

MOST_SCORE_BYTES: Final = 32 * MEBIBYTE
"""Of a score, packed or not; the longest operas take half of that."""
MOST_ELEMENTS: Final = 2_000_000
MOST_DEPTH: Final = 64
MOST_CONTAINER_BYTES: Final = MEBIBYTE
_CONTAINER: Final = "META-INF/container.xml"
_SCORE_SUFFIXES: Final = (".musicxml", ".xml")
_ZIP_BEGINS: Final = b"PK"
_LARGEST: Final = {
    "divisions": 1_000_000,
    "duration": 100_000_000,
    "staves": 64,
    "octave": 9,
    "alter": 4,
    "fifths": 14,
    "clef-octave-change": 10,
    "beat-type": 128,
    "chromatic": 127,
    "diatonic": 127,
    "octave-change": 10,
    "actual-notes": 1000,
    "normal-notes": 1000,
}
"""Numbers beyond these are slips or traps: music21 would make objects for each staff, say."""
_UNHEARD: Final = frozenset({"harmony", "figured-bass", "barline", "print", "notations", "beam", "lyric"})
_BEATS: Final = re.compile(r"\s*\d{1,2}(\s*\+\s*\d{1,2}){0,15}\s*")
_NUMBER: Final = re.compile(r"[+-]?(\d{1,12}(\.\d*)?|\.\d+)")


def musicxml_text(data: bytes) -> str:
    """Return the score of a file, an .mxl archive or plain, as partwise MusicXML in which every note is one to play.

    Cue notes become rests, and what makes no notes is left out. A hidden note (print-object="no") is one to play.

    Args:
        data: The file's contents, at most MOST_SCORE_BYTES.

    Raises:
        InputError: If it holds no score, or what no score needs; the message is a reason that follows the file's name.

    """
    root = _parsed(_unpacked(data) if data.startswith(_ZIP_BEGINS) else data)
    if root.tag == "score-timewise":
        root = _partwise(root)
    if root.tag != "score-partwise":
        raise InputError(
            f"is no score that can be read (MusicXML begins with score-partwise, this with {root.tag[:40]!r})"
        )
    _check_numbers(root)
    for note in root.iter("note"):
        _tie_as_written(note)
    _leave_out_unheard(root)
    for measure in root.iter("measure"):
        _silence_cues(measure)
    for transpose in root.iter("transpose"):
        _complete(transpose)
    return ET.tostring(root, encoding="unicode")


def _unpacked(data: bytes) -> bytes:
    """The score in an archive: what its container names first, or else the first in its topmost folder."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return _read_member(archive, _root_file(archive), MOST_SCORE_BYTES)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        # Encrypted members are a RuntimeError, unknown compressions a NotImplementedError, which is one too.
        raise InputError(f"is an archive that cannot be read ({str(error)[:80] or type(error).__name__})") from error


def _root_file(archive: zipfile.ZipFile) -> str:
    names = archive.namelist()
    held = next((name for name in names if name.casefold() == _CONTAINER.casefold()), None)
    if held is not None:
        container = _parsed(_read_member(archive, held, MOST_CONTAINER_BYTES))
        roots = [element for element in container.iter() if _local(element.tag) == "rootfile"]
        # A rootfile without a type is MusicXML; others may be pictures of the same score.
        scores = [root.get("full-path", "") for root in roots if "musicxml" in root.get("media-type", "musicxml")]
        for path in scores[:1]:
            if (name := posixpath.normpath(unquote(path)).lstrip("/")) in names:
                return name
        raise InputError(f"is an archive without its score: its container names {(scores or ['none'])[0][:80]!r}")
    plain = [name for name in names if not posixpath.basename(name).startswith("._")]  # macOS puts its own beside each
    scores = [name for name in plain if name.lower().endswith(_SCORE_SUFFIXES) and not name.startswith("META-INF/")]
    if not scores:
        raise InputError("is an archive that holds no score (.musicxml or .xml)")
    return min(scores, key=lambda name: name.count("/"))


def _read_member(archive: zipfile.ZipFile, name: str, most_bytes: int) -> bytes:
    with archive.open(name) as member:
        data = member.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise InputError(f"holds {name[:80]!r}, which is too large: {shown_bytes(most_bytes)} at the most are read")
    return data


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _parsed(data: bytes) -> ET.Element:
    """Parse XML without what no score needs: entities (which can grow without end), depth, endless numbers of elements.

    Nothing outside the file is looked at.
    """
    builder = ET.TreeBuilder()
    data, encoding = _with_encoding(data)
    elements = depth = 0

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal elements, depth
        elements, depth = elements + 1, depth + 1
        if elements > MOST_ELEMENTS or depth > MOST_DEPTH:
            raise InputError(f"has too many elements: {MOST_ELEMENTS:,} are read, and {MOST_DEPTH} within each other")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def refuse(*_: object) -> None:
        raise InputError("declares entities of its own, which no score needs")

    try:
        parser = expat.ParserCreate(encoding)
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = begin, end
        parser.CharacterDataHandler = builder.data
        parser.EntityDeclHandler = refuse
        parser.Parse(data, True)  # noqa: FBT003 - expat takes no name for it
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise InputError(f"is no score that can be read ({str(error)[:80]})") from error
    return builder.close()


def _with_encoding(data: bytes) -> tuple[bytes, str | None]:
    """The text and its encoding where a byte order mark tells it, whatever the declaration says; else None."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace").encode("utf-8", errors="replace"), "utf-8"
    if data.startswith(codecs.BOM_UTF8):
        return data.removeprefix(codecs.BOM_UTF8), "utf-8"
    return data.lstrip(b" \t\r\n"), None


def _partwise(timewise: ET.Element) -> ET.Element:
    """Turn measures of parts into parts of measures."""
    score = ET.Element("score-partwise", timewise.attrib)
    score.extend(element for element in timewise if element.tag != "measure")
    parts: dict[str, ET.Element] = {}
    for measure in timewise.findall("measure"):
        for part in measure.findall("part"):
            name = part.get("id", "")
            whole = parts.setdefault(name, ET.Element("part", {"id": name}))
            ET.SubElement(whole, "measure", measure.attrib).extend(part)
    score.extend(parts.values())
    return score


def _check_numbers(root: ET.Element) -> None:
    for element in root.iter():
        if element.tag == "beats" and not _BEATS.fullmatch(element.text or ""):
            raise InputError(
                f"holds <beats>{(element.text or '')[:20]}</beats>; up to 99 are read, or sums such as 3+2"
            )
        largest = _LARGEST.get(element.tag)
        text = (element.text or "").strip()
        if largest is None or (not text and element.tag == "alter"):
            continue
        if not _NUMBER.fullmatch(text) or abs(float(text)) > largest:
            raise InputError(
                f"holds <{element.tag}>{text[:20]}</{element.tag}>; numbers up to {largest:,} are read there"
            )
        if element.tag == "alter" and float(text) % 1:
            raise InputError(f"holds <alter>{text[:20]}</alter>, a pitch between two keys")
        if element.tag == "duration" and float(text) < 0:
            raise InputError(f"holds <duration>{text[:20]}</duration>, a note shorter than nothing")
    for part in root.iter("part"):
        if part.find(".//note/duration") is not None and part.find(".//divisions") is None:
            raise InputError("does not say what its durations are parts of (it has no <divisions>)")


def _tie_as_written(note: ET.Element) -> None:
    """Let a tie sound that is only drawn, as some programs write them and all play them."""
    if note.find("tie") is None:
        for tied in note.iterfind("notations/tied"):
            if (kind := tied.get("type")) in ("start", "stop"):
                ET.SubElement(note, "tie", {"type": kind})


def _leave_out_unheard(root: ET.Element) -> None:
    """Take out what makes no notes here: music21 spends its time on it, and some of it can be made to last for ever."""
    for parent in root.iter():
        for child in list(parent):
            if child.tag in _UNHEARD or (parent.tag == "direction-type" and child.tag != "metronome"):
                parent.remove(child)


def _complete(transpose: ET.Element) -> None:
    """Say by how many steps a part is transposed where only the semitones are said, which music21 cannot do without."""
    if transpose.find("diatonic") is None:
        semitones = round(float(transpose.findtext("chromatic") or 0))
        ET.SubElement(transpose, "diatonic").text = str(round(semitones * 7 / 12))


def _silence_cues(measure: ET.Element) -> None:
    """Let the time of cue notes pass in silence; of a chord with cues and notes to play, the notes stay."""
    for chord in _chords(measure):
        cues = [note for note in chord if note.find("cue") is not None]
        played = [note for note in chord if note not in cues]
        if not cues:
            continue
        kept = played or cues[:1]
        for note in chord:
            if note not in kept:
                measure.remove(note)
        if (sign := kept[0].find("chord")) is not None:
            kept[0].remove(sign)
        if not played:
            _make_rest(kept[0])


def _chords(measure: ET.Element) -> list[list[ET.Element]]:
    """The notes of a measure, those that sound together in one list."""
    chords: list[list[ET.Element]] = []
    for note in measure.findall("note"):
        if note.find("chord") is not None and chords:
            chords[-1].append(note)
        else:
            chords.append([note])
    return chords


def _make_rest(note: ET.Element) -> None:
    if note.find("grace") is not None:  # takes no time
        return
    for child in list(note):
        if child.tag not in ("duration", "voice", "staff", "type", "dot", "time-modification"):
            note.remove(child)
    note.insert(0, ET.Element("rest"))
