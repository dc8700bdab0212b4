"""ABC against notes written out by hand from the standard 2.1, and both against abc2midi where that is installed."""

import re
import shutil
import subprocess
from pathlib import Path

import mido
import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import Meter, Note, without_overlaps
from lstm_composer.trainer.formats.abc import tunebook
from lstm_composer.trainer.formats.abc.fields import WHOLE, parse_tempo
from lstm_composer.trainer.formats.abc.reader import read_abc
from lstm_composer.trainer.pieces.piece import Piece, ReadResult
from tests.trainer.formats.abc_cases import CASES, Case, check_bounds, tune, whole

Notes = list[tuple[int, int, int]]


def sounding(voices: tuple[str, ...]) -> Notes:
    """The notes that a case expects; one of 0 ticks lasts 1 until the next of its pitch begins."""
    notes: list[Note] = []
    for voice in voices:
        onset = 0
        for event in voice.split():
            pitches, ticks = event.split(":")
            notes += [Note(onset, int(p), max(1, int(ticks)), 64) for p in pitches.split("+") if p != "-"]
            onset += int(ticks)
    return triples(without_overlaps(notes))


def triples(notes: list[Note] | tuple[Note, ...]) -> Notes:
    return sorted((note.onset, note.pitch, note.duration) for note in notes)


@pytest.fixture
def read(tmp_path: Path):
    def read(text: str | bytes) -> ReadResult:
        path = tmp_path / "a.abc"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_abc(path, path.name)

    return read


@pytest.fixture
def piece_of(read):
    def piece_of(text: str | bytes) -> Piece:
        reading: ReadResult = read(text)
        return reading.pieces[0]

    return piece_of


@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
def test_notes(read, case: Case) -> None:
    notes = triples(read(whole(case.text)).pieces[0].notes)
    start = min(notes)[0] - min(sounding(case.voices))[0]  # a first bar that is not full was moved
    assert [(onset - start, pitch, duration) for onset, pitch, duration in notes] == sounding(case.voices)


@pytest.mark.outside_program
@pytest.mark.skipif(shutil.which("abc2midi") is None, reason="abc2midi (the package abcmidi) is not installed")
@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
def test_abc2midi_agrees(case: Case, tmp_path: Path) -> None:
    if case.oracle:
        pytest.skip(f"abc2midi {case.oracle}")
    assert played_by_abc2midi(whole(case.text), tmp_path) == sounding(case.voices)


def played_by_abc2midi(text: str, folder: Path) -> Notes:
    """What abc2midi plays of a tune without repeats, chord symbols and grace notes, a chord's notes at once."""
    once = re.sub(r":+\|[|:\]]*|\.?\[?\|[|:\]]+|(?<!\(\d)::+", "|", text)
    once = re.sub(r"(?<=\|)\d|\[\d[-,]?\d?(?=[A-G])", "", once)
    plain = re.sub(r"(?m)^(K:.*)$", r"\1\n%%MIDI chordattack 0\n%%MIDI gchordoff", once, count=1)
    (folder / "a.abc").write_text(plain)
    command = ["abc2midi", "a.abc", "-o", "a.mid", "-NGRA", "-NGUI", "-NFER", "-NFNP", "-quiet"]
    subprocess.run(command, cwd=folder, check=False, capture_output=True, timeout=60)
    file = mido.MidiFile(folder / "a.mid")
    scale = 24 / file.ticks_per_beat
    notes: list[Note] = []
    for track in file.tracks:
        now = 0
        begun: dict[int, list[int]] = {}
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                begun.setdefault(message.note, []).append(now - 1)  # each note begins a tick late
            elif message.type in ("note_on", "note_off") and begun.get(message.note):
                onset = round_half_up(begun[message.note].pop(0) * scale)
                notes.append(Note(onset, message.note, max(1, round_half_up(now * scale) - onset), 64))
    return triples(without_overlaps(notes))


def round_half_up(ticks: float) -> int:
    return int(ticks + 0.5)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("A>B>c|", "broken rhythm between notes of unequal lengths"),
        ("A>(3Bcd|", "broken rhythm between notes of unequal lengths"),
        ("A>Z|", "rest of whole bars within"),
        ("A>", "broken rhythm without a note on either side"),
        (">A|", "broken rhythm > without a note"),
        ("A><B|", "broken rhythm < without a note"),
        ("A>>>>B|", "broken rhythm >>>>"),
        ("(3(3ABC|", "tuplet within a tuplet"),
        ("(10ABC|", r"tuplet \(10"),
        ("(1A|", r"tuplet \(1"),
        ("(3AZB|", "rest of whole bars within"),
        ("(99999999999999999999ABC|", "number of up to six digits"),
        (tune("(5CDEFG|", M="3/4"), r"\(5 in 3 beats"),
        ("[CE2]|", "chord of several lengths"),
        ("[C2E2]3|", "one within and one behind"),
        ("[]A|", "chord without notes"),
        ("[C|D]|", "sign out of place"),
        ("[CE|", "sign out of place"),
        ("[C{d}E]|", "sign out of place"),
        ("+CEG+A|", r"old way to write a chord, \+CEG\+"),
        ("^/2C|", "microtones"),
        ("_3/4C|", "microtones"),
        ("^_C|", "sign out of place"),
        ("A0|", "note length 0"),
        ("A/0|", "note length /0"),
        ("A//3|", "note length //3"),
        ("A99999999999|", "note length 99999999999"),
        ("z999999|z999999|", "fourteen hours"),
        ("Z999999|", "fourteen hours"),
        ("Z0|", "rest of 0 bars"),
        ("C,,,,,,|", "pitch -12"),
        ("c''''''|", "pitch 144"),
        ("A 2|", "sign out of place"),
        ("A]|", "sign out of place"),
        ('A"x|', "quotation mark that is not closed"),
        ("{A|", "grace notes that are not closed"),
        ("qA|", "letter q"),
        ("C!D E!F|", "sign out of place"),
        ("!8va(!A|", "8va"),
        ("-A|", "tie without a note"),
        ("C-^C|", "ties a note C to another one"),
        ("^F-|=F|", "ties a note F to another one"),
        ("F-[K:G]F|", "ties a note F to another one"),
        ("C4 & E5|", "overlay & that is longer"),
        ("C4 && E4|", "sign out of place"),
        ("C4 & [K:G]F4|", "within an overlay"),
        ("(&C4|(&D4|", "within another"),
        ("C4 &)|", "without"),
        ("C|\na:b\n", "line a:"),
        ("C|\nK:H\n", "key that is not understood"),
        (tune("C|", K="c"), "key that is not understood"),
        (tune("C|", K="C blue"), "key that is not understood"),
        (tune("C|", K="G#"), "no signature of seven"),
        (tune("C|", K="C sound=A"), "sound="),
        (tune("C|", K="C octave=x"), "octave=x"),
        (tune("C|", K="C clef=unheard-of"), "clef that is not understood"),
        (tune("C|", M="4/5"), "meter M:4/5"),
        (tune("C|", M="3/4 2/4"), "meter M:3/4 2/4"),
        (tune("C|", M="0/4"), "meter M:0/4"),
        (tune("C|", L="x"), "unit note length L:x"),
        (tune("C|", L="1/0"), "unit note length L:1/0"),
        (tune("~G3|", m="~G3 = G{A}G"), "macro"),
        (tune("~G3|", m="~n3 = n{o}n"), "macro for all notes"),
        ("C\n%%MIDI ratio 2 1\nC|", "%%MIDI ratio"),
        ("C\n%%transpose 2\nC|", "%%transpose"),
        ("C\n%%abc-include b.abc\nC|", "%%abc-include"),
        ("C\n%%MIDI transpose x\nC|", "number of up to six digits"),
        ("X:1\nM:4/4\nCDEF|\n", "no key"),
        ("V:*\nC|", "voice without a name"),
        (tune("L:1/8\nV:1\nC4|\nV:2\nC4|\n"), "has L:1/8 before its first V:"),
        (tune("V:1\nC\n%%MIDI transpose 2\nC\nV:2\nE2|\n"), "%%MIDI transpose in mid-tune"),
        ("z4|", "no notes"),
        ("X:1\nK:C\n\x00C|", r"out of place at '\\x00C|"),
        ("X:1\nK:C\nC\x1b[31m|", r"\\x1b"),
    ],
)
def test_what_is_not_understood_is_named(read, text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read(whole(text))


def test_a_reason_names_its_line(read) -> None:
    with pytest.raises(InputError, match=r"\(line 6\)$"):
        read(tune("CDEF|\nqA|"))


def test_only_the_tune_that_is_not_understood_is_left_out(read) -> None:
    reading = read(tune("C4|") + "\n" + tune("A>B>c|") + "\n" + tune("E4|"))
    assert [(piece.name, piece.notes[0].pitch) for piece in reading.pieces] == [("a.abc#1", 60), ("a.abc#3", 64)]
    [refusal] = reading.refused
    assert refusal.name == "a.abc#2"
    assert "unequal lengths (line 11)" in refusal.reason


BOOK = """%abc-2.1
M:3/4
L:1/4
Q:1/4=72
T:My tunes

Any text, such as CDEF.

X:1
T:Für Elise
K:D
CDE|

X:2
M:2/4
K:C
EF|
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(read, encoding: str, line_end: str) -> None:
    first, second = read(BOOK.replace("\n", line_end).encode(encoding)).pieces
    assert triples(first.notes) == [(0, 61, 24), (24, 62, 24), (48, 64, 24)]
    assert triples(second.notes) == [(0, 64, 24), (24, 65, 24)]
    assert (first.meters, second.meters) == ((MeterChange(0, Meter(3, 4)),), (MeterChange(0, Meter(2, 4)),))
    assert (first.tempo_bpm, second.tempo_bpm) == (72.0, 72.0)


def test_files_joined_with_their_byte_order_marks(read) -> None:
    assert len(read(2 * b"\xef\xbb\xbfX:1\nK:C\nC|\n\n").pieces) == 2


def test_the_end_sign_of_dos(read) -> None:
    assert len(read(b"X:1\r\nK:C\r\nC|\r\n\x1a").pieces[0].notes) == 1


def test_a_tune_may_begin_without_an_empty_line_before(read) -> None:
    assert len(read("X:1\nK:C\nC|\nX:2\nK:C\nD|\n").pieces) == 2


@pytest.mark.parametrize(
    ("text", "tempo_bpm"),
    [
        ("1/4=90", 90.0),
        ("1/4 = 90", 90.0),
        ("1/2=60", 120.0),
        ("3/8=50", 75.0),
        ("1/4 3/8 1/4 3/8=40", 200.0),
        ('"Allegro" 1/4=132', 132.0),
        ('1/4=66.5 "slow"', 66.5),
        ("120", 120.0),
        ("C=120", 60.0),
        ("C3=60", 90.0),
        ("1/4=120-130", 120.0),
        ('"Allegro"', None),
        ("1/4=1/8", None),
        ("", None),
        ("1/0=60", 60.0),
    ],
)
def test_tempo(text: str, tempo_bpm: float | None) -> None:
    assert parse_tempo(text, WHOLE // 8) == tempo_bpm


def test_the_tempo_that_is_held_longest(piece_of) -> None:
    piece = piece_of(tune("CDEF|[Q:1/4=60]CDEF|CDEF|", Q="1/4=90"))
    assert piece.tempo_bpm == 60.0
    assert piece.timing.tempos == 2


@pytest.mark.parametrize(
    ("text", "meters"),
    [
        ("CDEF|[M:3/4]CDE|CDE|", [(0, 4, 4), (96, 3, 4)]),
        ("CDEF|\nM:6/8\nCDE|\nM:C|\nCDEF|", [(0, 4, 4), (96, 6, 8), (168, 2, 2)]),
        (tune("CDEFG|CDEFG|", M="(2+3)/4"), [(0, 5, 4)]),
        (tune("CDEF|CDE|", M="C"), [(0, 4, 4)]),
        (tune("CDE|CD|", M="none"), [(0, 4, 4)]),
        (tune("CDE|CD|", M=""), [(0, 4, 4)]),
        (tune("CDE|[M:3/4]CDE|", M="none"), [(0, 4, 4), (72, 3, 4)]),
        ("C|DEFG|", [(0, 4, 4)]),
        ("C4|D3:|:E|F4|", [(0, 4, 4)]),
        ("C4|D3|E4|F4|", [(0, 4, 4), (168, 4, 4)]),
        ("C4|Z3|D4|", [(0, 4, 4)]),
        (tune("C4|C4|", M="129/128"), [(0, 4, 4)]),
    ],
)
def test_meters(piece_of, text: str, meters: list[tuple[int, int, int]]) -> None:
    assert [(m.tick, m.meter.numerator, m.meter.denominator) for m in piece_of(whole(text)).meters] == meters


def test_a_pickup_ends_bar_1_in_all_voices(piece_of) -> None:
    piece = piece_of(tune("V:1\nC|D4|\nV:2\nE|F4|\n", Q="1/4=90"))
    assert triples(piece.notes) == [(72, 60, 24), (72, 64, 24), (96, 62, 96), (96, 65, 96)]
    assert piece.timing.tempos == 1 or piece.tempo_bpm == 90.0


def test_a_book_of_a_thousand_tunes(read) -> None:
    assert len(read("".join(tune("CDEF|GABc|") + "\n" for _ in range(1000))).pieces) == 1000


def test_more_tunes_than_any_book_has(read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunebook, "MOST_TUNES", 3)
    with pytest.raises(InputError, match="more than 3 tunes"):
        read("X:1\n" * 4)


@pytest.mark.parametrize(("text", "reason"), [("", "empty"), ("nothing\n", "no tune"), ("K:C\nC|\n", "no tune")])
def test_no_tune(read, text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read(text)


ENDLESS = ["[" * 100_000, '"' * 99_999, "!" * 99_999, "{" * 100_000, "(3" * 50_000, "&" * 100_000, ">" * 100_000]
ENDLESS += ["9" * 100_000, "C" + "/" * 100_000, "z999999 " * 20_000, "[K:" * 30_000, "^" * 100_000, "C-" * 50_000]
ENDLESS += ["(99:98:99C" * 10_000, "A>" * 30_000 + "A", "|:" * 50_000, "[CE" * 30_000, "![!" * 30_000, "C,'" * 30_000]
ENDLESS += [
    "+" * 99_999,
    "C" * 200_000,
    "[" + "C" * 100_000 + "]",
    "\\" * 50_000,
    "y" + "9" * 50_000,
    "K:" + "C " * 50_000,
]
ENDLESS += [
    "M:" + "1+" * 50_000,
    "Q:" + "1/4 " * 50_000 + "=60",
    "V:1 " + "a=" * 50_000,
    "%%MIDI transpose " + "9" * 9_999,
]
ENDLESS += [
    "[V:a]C" + "".join(f"[V:{i}]C" for i in range(5_000)),
    "Q:" + "9" * 50_000,
    "X:1\n" * 20_000,
    "\n" * 100_000,
]


@pytest.mark.thorough
@pytest.mark.parametrize("music", ENDLESS, ids=[text[:6] for text in ENDLESS])
def test_nothing_takes_for_ever(read, music: str) -> None:
    check_bounds(read, tune(music))
