"""Texts in ABC and the notes that they mean, written out by hand from the ABC standard 2.1."""

import re
from collections.abc import Callable
from typing import NamedTuple

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.visible_text import visible
from lstm_composer.trainer.pieces.piece import ReadResult, SkippedFile


class Case(NamedTuple):
    """An ABC text and what it sounds: for each voice "pitch:ticks" one after another, "-" for a rest, "60+64" a chord.

    A text without X: is music in 4/4 and C, with quarter notes as its unit. `oracle` says why abc2midi differs.
    """

    what: str
    text: str
    voices: tuple[str, ...]
    oracle: str = ""


def tune(music: str, **fields: str) -> str:
    """A whole tune; a field given as "" is left out."""
    header = {"X": "1", "M": "4/4", "L": "1/4", "K": "C"} | fields
    order = sorted(header, key="XTVMLQIUmPK".index)
    return "".join(f"{field}:{header[field]}\n" for field in order if header[field] != "") + music + "\n"


SCALE = "60:24 62:24 64:24 65:24 67:24 69:24 71:24 72:24"
MARCATO = "plays decorations"
DRUMS = "plays drums as notes"

PITCHES = [
    Case("octaves", "C,,C,Cc|c'c''z2|", ("36:24 48:24 60:24 72:24 84:24 96:24",)),
    Case("marks of both kinds", "C,',C'|", ("48:24 72:24",), "gives up at marks of both kinds"),
    Case("accidentals", "^C_D=E^^F|__G2A2|", ("61:24 61:24 64:24 67:24 65:48 69:48",)),
    Case("they last to the bar line", "^C2C2|C4|", ("61:48 61:48 60:96",)),
    Case("in all octaves", "^C c C, c|c4|", ("61:24 73:24 49:24 73:24 72:96",)),
    Case("a natural ends one", "^C C =C C|", ("61:24 61:24 60:24 60:24",)),
    Case("over a tie, that note only", "^c4-|c2c2|", ("73:144 72:48",)),
    Case("over two ties", "^F4-|F4-|F4|F4|", ("66:288 65:96",)),
    Case("a key ends them", "^C2[K:C]C2|", ("61:48 60:48",)),
    Case("a meter does not", "^C[M:3/4]C[L:1/8]C|", ("61:24 61:24 61:12",)),
    Case("not beyond their octave", tune("%%propagate-accidentals octave\n^CCc|"), ("61:24 61:24 72:24",)),
    Case("for one note only", tune("%%propagate-accidentals not\n^CCc|"), ("61:24 60:24 72:24",)),
    Case("without bar lines", tune("%%MIDI nobarlines\n^CCc|"), ("61:24 60:24 72:24",)),
    Case("by I:", tune("^CCc|", I="propagate-accidentals not"), ("61:24 60:24 72:24",), "does not read it from I:"),
    Case("grace notes leave none", "{^c}cc|", ("72:24 72:24",)),
]
LENGTHS = [
    Case("forms", "A/B/ A//B// A3/2B/2 A3/B/4|", ("69:12 71:12 69:6 71:6 69:36 71:12 69:36 71:6",)),
    Case("numbers", "A2 A/4 A3/4 A0001|", ("69:48 69:6 69:18 69:24",)),
    Case("thirds", "A2/3A2/3A2/3 A|", ("69:16 69:16 69:16 69:24",), "knows powers of two only"),
    Case("finer than a tick", "A/64B/64A/32 A/16A/16A/16A/16|", ("69:0 71:1 69:1 69:1 69:2 69:1 69:2",)),
    Case("rests", "z2x2|z/A/ x/4B3/4 c2|", ("-:96 -:12 69:12 -:6 71:18 72:48",)),
    Case("rests of bars", "Z|C4|Z2|X|D4|", ("-:96 60:96 -:192 -:96 62:96",)),
    Case("in 6/8", tune("Z2|C|", M="6/8"), ("-:144 60:24",)),
    Case("in free meter", tune("CZD|", M="none"), ("60:24 -:96 62:24",)),
    Case("a spacer", "y2Ay0By|", ("69:24 71:24",)),
    Case("without L: below 3/4", tune("C", M="2/4", L=""), ("60:6",)),
    Case("without L: from 3/4", tune("C", M="3/4", L=""), ("60:12",)),
    Case("without L: and M:", tune("C", M="", L=""), ("60:12",)),
    Case("M: within leaves it", tune("C[M:2/4]C|", L=""), ("60:12 60:12",)),
    Case("a whole note", tune("C|", L="1"), ("60:96",)),
    Case("sixteenths", tune("C16|", L="1/16"), ("60:96",)),
    Case("septuplets do not drift", "(7:4:7CDEFGAB c|", ("60:14 62:13 64:14 65:14 67:14 69:13 71:14 72:24",)),
]
RHYTHMS = [
    Case("dotted", "A>B c<d|", ("69:36 71:12 72:12 74:36",)),
    Case("twice and three times", "A>>B c<<<d|", ("69:42 71:6 72:3 74:45",)),
    Case("with spaces", "A > B c> d|", ("69:36 71:12 72:36 74:12",)),
    Case("over a bar line", "A3 A>|B A3|", ("69:72 69:36 71:12 69:72",)),
    Case("over a line", "A>\nB|", ("69:36 71:12",)),
    Case("over grace notes and signs", 'A>{g}B c>!f!"Am"d|', ("69:36 71:12 72:36 74:12",)),
    Case("with chords", "[Ac]>[Bd]|", ("69+72:36 71+74:12",)),
    Case("with rests", "A>z z>A|", ("69:36 -:12 -:36 69:12",)),
    Case("within a triplet", "(3A>BcA|", ("69:24 71:8 72:16 69:24",)),
    Case("of a tied note", "A->A A<-B|", ("69:48 69:12 71:36",), "does not know <-"),
    Case("over other fields", "A>[K:G]f|", ("69:36 78:12",)),
    Case("of a voice apart", tune("V:1\nA>\nV:2\nC2|\nV:1\nB|\n"), ("69:36 71:12", "60:48")),
    Case("triplet", "(3CDE F|", ("60:16 62:16 64:16 65:24",)),
    Case("triplet with a space", "(3 CDE F|", ("60:16 62:16 64:16 65:24",)),
    Case("duplet", "(2CDE|", ("60:36 62:36 64:24",)),
    Case("quadruplet", "(4CDEFG|", ("60:18 62:18 64:18 65:18 67:24",)),
    Case("sextuplet", "(6CDEFGAB|", ("60:8 62:8 64:8 65:8 67:8 69:8 71:24",)),
    Case("octuplet", "(8CDEFGABcd|", ("60:9 62:9 64:9 65:9 67:9 69:9 71:9 72:9 74:24",)),
    Case("of 5 in compound time", tune("(5CDEFGAB", M="6/8", L="1/8"), ("60:7 62:7 64:8 65:7 67:7 69:12 71:12",)),
    Case("of 5 else", "(5CDEFGA|", ("60:10 62:9 64:10 65:9 67:10 69:24",)),
    Case("of 9", "(9CDEFGABcde|", ("60:5 62:6 64:5 65:5 67:6 69:5 71:5 72:6 74:5 76:24",)),
    Case("p:q:r", "(3:2:2A2BC|", ("69:32 71:16 60:24",)),
    Case("p::r", "(3::2ABC|", ("69:16 71:16 60:24",)),
    Case("p:q", "(3:2ABCD|", ("69:16 71:16 60:16 62:24",)),
    Case("p::", "(3::ABCD|", ("69:16 71:16 60:16 62:24",)),
    Case("slower", "(3:4:3CDEF|", ("60:32 62:32 64:32 65:24",)),
    Case("of unequal notes", "(3A2BC2|", ("69:32 71:16 60:32",)),
    Case("of rests and chords", "(3z[CE]D F|", ("-:16 60+64:16 62:16 65:24",)),
    Case("over a bar line too", "C2D (3E|FG A|", ("60:48 62:24 64:16 65:16 67:16 69:24",)),
    Case("under a slur", "((3CDE)F|", ("60:16 62:16 64:16 65:24",)),
]
CHORDS_AND_TIES = [
    Case("chord", "[CEG]2A[C E]|", ("60+64+67:48 69:24 60+64:24",)),
    Case("length within", "[C2E2G2]A[C/E/]|", ("60+64+67:48 69:24 60+64:12",)),
    Case("length behind", "[CE]/[CE]3/2A|", ("60+64:12 60+64:36 69:24",)),
    Case("signs within", '["Am"C!f!(E)]A|', ("60+64:24 69:24",)),
    Case("accidentals within", "[^CE]C|", ("61+64:24 61:24",)),
    Case("a note twice", "[CC]D|", ("60:24 62:24",)),
    Case("tied chords", "[CE]-[CE]2|", ("60+64:72",)),
    Case("one tied note", "[C-E][CE]|", ("60:48", "64:24 64:24")),
    Case("tie", "C2-C2-|C4|", ("60:192",)),
    Case("tie behind a space or a bar line", "C2 -C2|D4|-D4|", ("60:96 62:192",)),
    Case("no tie to another pitch", "C-D C-z|C4|", ("60:24 62:24 60:24 -:24 60:96",)),
    Case("tie to the same sound", "^F-_G|", ("66:48",)),
    Case("an accidental after such a tie", "_D2-|^CD|", ("61:72 62:24",)),
    Case("tie over a key that leaves it", "^F-[K:G]F F|", ("66:48 66:24",)),
    Case("tie into a triplet", "(3CDE-E|", ("60:16 62:16 64:40",)),
    Case("tie over grace notes", "C-{D}C|", ("60:48",)),
    Case("ties of two voices", tune("V:1\nA4-|\nV:2\nE4-|\nV:1\nA4|\nV:2\nE4|\n"), ("69:192", "64:192")),
    Case("slurs", "(CD)(E.(F))|.(G2G2)|", ("60:24 62:24 64:24 65:24 67:48 67:48",), MARCATO),
    Case("grace notes", "{d}C{/e}D{fg}E{[ce]}F|", ("60:24 62:24 64:24 65:24",)),
    Case("unison of voices", tune("V:1\nC4|\nV:2\nC2E2|\n"), ("60:96", "60:48 64:48")),
]
_D_MAJOR_KEYS = """Bm;B min;AMix;A MIXOLYDIAN;Edor;E Dorian;F#phr;Glyd;C#Loc;Dion;B aeo;D major;Dmaj % 2 sharps;HP;Hp
G ^c;C ^f ^c;A=g;E exp ^f^c;D clef=bass"""
KEYS = [
    Case("sharps", tune("CDEF|GABc|", K="D"), ("61:24 62:24 64:24 66:24 67:24 69:24 71:24 73:24",)),
    Case("flats", tune("CDEF|GABc|", K="Eb"), ("60:24 62:24 63:24 65:24 67:24 68:24 70:24 72:24",)),
    *(
        Case(f"key {name}", tune("CDEF|GABc|", K=name), ("61:24 62:24 64:24 66:24 67:24 69:24 71:24 73:24",))
        for name in re.split(r"[;\n]", _D_MAJOR_KEYS)
    ),
    *(
        Case(f"key {name}", tune("CDEF|GABc|", K=name), (SCALE,))
        for name in [
            "C",
            "none",
            "Am",
            "A m",
            "AM",
            "D exp =f",
            "C clef=alto",
            "C bass middle=d",
            "C =B",
            "C stafflines=3",
        ]
    ),
    Case("key of no name", "X:1\nM:4/4\nL:1/4\nK:\nCDEF|GABc|\n", (SCALE,), "wants a key"),
    Case("exp", tune("CDEF|GABc|", K="D exp _b _e ^f"), ("60:24 62:24 63:24 66:24 67:24 69:24 70:24 72:24",)),
    Case("D Phr ^f", tune("CDEF|GABc|", K="D Phr ^f"), ("60:24 62:24 63:24 66:24 67:24 69:24 70:24 72:24",)),
    Case("change in a line", "F2[K:G]F2|[K:Fm]B4|", ("65:48 66:48 70:96",)),
    Case("change between lines", "F4|\nK:G\nF4|\nK:none\nF4|\n", ("65:96 66:96 65:96",)),
    Case("an octave down", tune("C4|", K="C octave=-1"), ("48:96",)),
    Case("transposed", tune("C4|[K:G]F4|", K="C transpose=-2"), ("58:96 64:96",)),
    Case("treble-8", tune("C4|", K="C treble-8"), ("48:96",)),
    Case("clef=treble+8", tune("C4|", K="C clef=treble+8"), ("72:96",)),
    Case("clef=bass-15", tune("C4|", K="C clef=bass-15"), ("36:96",)),
    Case("octave by I:", "C2[I:octave=-1]C2|\nI:octave=1\nC4|", ("60:48 48:48 72:96",)),
    Case("%%MIDI transpose", "C2\n%%MIDI transpose 2\nC2|\n%%MIDI rtranspose -3\nC4|", ("60:48 62:48 59:96",)),
    Case("I:MIDI", "C2[I:MIDI transpose 2]C2|[I:MIDI=transpose 4]C4|", ("60:48 62:48 64:96",)),
]
CHANGES = [
    Case("unit in a line", "CD[L:1/8]EF|", ("60:24 62:24 64:12 65:12",)),
    Case("unit between lines", "CDEF|\nL:1/8\nG4A4|", ("60:24 62:24 64:24 65:24 67:48 69:48",)),
    Case("tempo and meter", "CDEF|[M:3/4][Q:1/4=60]GAB|", ("60:24 62:24 64:24 65:24 67:24 69:24 71:24",)),
    Case("everything", "CDEF|[K:F][M:3/4][L:1/8]B2B2B2|", ("60:24 62:24 64:24 65:24 70:24 70:24 70:24",)),
]
VOICES = [
    Case(
        "in turn",
        tune("V:1\nCDEF|\nV:2\nC,4|\nV:1\nG4|\nV:2\nG,4|\n"),
        ("60:24 62:24 64:24 65:24 67:96", "48:96 55:96"),
    ),
    Case("in a line", "[V:1]C4|[V:2]E4|[V:1]D4|F4|", ("60:96 62:96 65:96", "64:96")),
    Case("with names", tune('V:RH name="r h" clef=treble\nC4|\nV:LH clef=bass\nC,4|\n'), ("60:96", "48:96")),
    Case("in the header", tune("V:2\nC4|\nV:1\nE4|", V="1 clef=treble\nV:2 clef=bass octave=-1"), ("64:96", "48:96")),
    Case("each its own key and unit", tune("V:1\nK:G\nL:1/8\nF4|\nV:2\nF4|\n"), ("66:48", "65:96")),
    Case("each its own accidentals", "[V:1]^C2[V:2]C2[V:1]C2|", ("61:48 61:48", "60:48")),
    Case("clef of a voice", tune("V:1\nC4|\nV:2 clef=treble-8\nC4|\n"), ("60:96", "48:96")),
    Case(
        "transposed voice", tune("V:1\nC4|\nV:2 transpose=2\nC4|\nV:1\nD4|\nV:2\nD4|\n"), ("60:96 62:96", "62:96 64:96")
    ),
    Case("music before the first", "F4|\nV:RH\nG4|\nV:LH\nA,4|\n", ("65:96 67:96", "57:96")),
    Case("of unequal lengths", tune("V:1\nC4|D4|\nV:2\nE4|\n"), ("60:96 62:96", "64:96")),
    Case(
        "parts do not bring together",
        tune("V:1\nCD|\nV:2\nE|\nP:B\nV:1\nF|\nV:2\nA|\n"),
        ("60:24 62:24 65:24", "64:24 69:24"),
    ),
    Case("all are moved", tune("%%MIDI transpose 2\nV:1\nC4|\nV:2\nE4|\n"), ("62:96", "66:96")),
    Case("percussion by clef", tune("V:1\nC4|\nV:2 clef=perc\nD4|\n"), ("60:96",), DRUMS),
    Case("percussion by channel", tune("V:1\nC4|\nV:2\n%%MIDI channel 10\nD4|\n"), ("60:96",), DRUMS),
    Case("%%score hides none", tune("%%score 1\nV:1\nC4|\nV:2\nD4|\n"), ("60:96", "62:96")),
    Case("overlay", "C4 & E4|G4|", ("60:96 67:96", "64:96")),
    Case("overlay of three", "C4|D4 & E4 & G4|A4|", ("60:96 62:96 69:96", "-:96 64:96", "-:96 67:96")),
    Case("overlay that is shorter", "C4 & E2|G4|", ("60:96 67:96", "64:48")),
    Case("overlay over lines", "C4 &\nE4|F4|", ("60:96 65:96", "64:96")),
    Case("accidentals of an overlay", "^C2C2 & E2^F2|C4|", ("61:48 61:48 60:96", "64:48 66:48")),
    Case("ties of an overlay", "C4- & E4-|C4 & E4|", ("60:192", "64:192")),
    Case("overlay of several bars", "(& C4|D4 & E4|F4 &)|G4|", ("60:96 62:96 67:96", "64:96 65:96")),
]
LINES = [
    Case("bar lines", "C|D||E[|F|]G|:A:|B::c.|d[|]e", ("60:24 62:24 64:24 65:24 67:24 69:24 71:24 72:24 74:24 76:24",)),
    Case("bar lines torn apart", "C2| :D2: |E2|", ("60:48 62:48 64:48",)),
    Case("endings", "C2|1D2:|2E2|[1,3F2|[2-4G2|]", ("60:48 62:48 64:48 65:48 67:48",)),
    Case("a named ending", 'C2|["Coda" D2|["Am"EG]2|', ("60:48 62:48 64+67:48",), "does not know it"),
    Case("a line that ends a repeat", "C|\nD:|\nE::\nF|", ("60:24 62:24 64:24 65:24",)),
    Case("remarks", "CD[r: CDEF]EF|[N:no]G4|", ("60:24 62:24 64:24 65:24 67:96",)),
    Case("remark on a line", "CD|\nr:CDE\nE|", ("60:24 62:24 64:24",), "takes it for music"),
    Case(
        "texts between lines",
        "CD|\nw:do re\nT:B side\n%CDE\n%%text CDE\ns:abc\nP:B\n+:abc\nN:ABC\nE|\nW:abc",
        ("60:24 62:24 64:24",),
    ),
    Case("a block of text", "CD|\n%%begintext\nCDE\n%%endtext\nE|", ("60:24 62:24 64:24",)),
    Case("comments", "CD % EF\nE\\ % GA\nF|", ("60:24 62:24 64:24 65:24",)),
    Case("a comment sign in a text", 'C"50% of"D|', ("60:24 62:24",), "ends the line there"),
    Case("continued", "CD\\\nEF|", ("60:24 62:24 64:24 65:24",)),
    Case("printed line ends", "CD!\nEF$|GA*\n", ("60:24 62:24 64:24 65:24 67:24 69:24",)),
    Case("reserved signs", "C;D@E#F?|`G``A`|", ("60:24 62:24 64:24 65:24 67:24 69:24",)),
    Case("chord symbols and annotations", '"Am"C"^up"D"@1,2 x"E"G7"F|', ("60:24 62:24 64:24 65:24",)),
    Case("decorations", ".C~D!trill!EuF|+accent+GTAHB!D.C. al Fine!c|", (SCALE,), MARCATO),
    Case("signs of U:", tune("nCDqEF|", U="n = !tenuto!\nU:q=!nil!"), ("60:24 62:24 64:24 65:24",)),
    Case("a macro that is not used", tune("CD|", m="~G2 = {A}G"), ("60:24 62:24",)),
    Case("history goes on", "X:1\nH:one\nCDEF\nM:4/4\nL:1/4\nK:C\nC4|\n", ("60:96",)),
    Case("an empty line ends it", "CD|\n\nEF|", ("60:24 62:24",)),
    Case("parts in a line", "[P:A]C2|[P:B]D2|", ("60:48 62:48",)),
    Case("first K: only ends the header", "X:1\nM:4/4\nL:1/4\nK:G\nK:C\nF4|\n", ("65:96",)),
]
CASES = [*PITCHES, *LENGTHS, *RHYTHMS, *CHORDS_AND_TIES, *KEYS, *CHANGES, *VOICES, *LINES]


def whole(text: str) -> str:
    return text if text.startswith("X:") else tune(text)


def check_bounds(read: Callable[[str | bytes], ReadResult], text: str | bytes) -> None:
    """Read a text: what comes is music, or reasons of a line each."""
    try:
        reading = read(text)
    except InputError as error:
        reading = ReadResult(refused=(SkippedFile("a.abc", str(error)),))
    for piece in reading.pieces:
        assert piece.notes
        assert all(0 <= note.pitch <= 127 and note.onset >= 0 and note.duration >= 1 for note in piece.notes)
        assert max(note.end for note in piece.notes) <= 25_000 * 96 + 96 * 64
        assert piece.meters[0].tick == 0
    for refusal in reading.refused:
        assert len(refusal.reason) < 300
        assert visible(refusal.reason) == refusal.reason
