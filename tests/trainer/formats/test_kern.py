"""**kern by the letter: every expected note was worked out by hand."""

from fractions import Fraction

import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.formats.humdrum import decode_humdrum
from lstm_composer.trainer.formats.kern import KernPiece, kern_pieces


def kern(text: str) -> str:
    """Kern written with " / " between its lines, a space between its columns and "~" within a chord."""
    return "\n".join(line.strip().replace(" ", "\t").replace("~", " ") for line in text.split(" / ")) + "\n"


def notes_of(piece: KernPiece) -> list[tuple[int, float, float, str]]:
    """Part, onset, duration and name of each note; a mark behind those that a tie leads to."""
    return sorted(
        (chord.part, float(chord.onset), float(chord.duration), pitch.name + ("_" if pitch.is_tied else ""))
        for chord in piece.chords
        for pitch in chord.pitches
    )


def read(text: str) -> list[tuple[int, float, float, str]]:
    [piece] = kern_pieces(kern(text))
    return notes_of(piece)


@pytest.mark.parametrize(
    ("token", "duration", "names"),
    [
        ("4c", 1, ["C4"]),
        ("2.cc#", 3, ["C#5"]),
        ("8..C--", Fraction(7, 8), ["C--3"]),
        ("0BBB", 8, ["B1"]),
        ("00dn", 16, ["D4"]),
        ("3%2e", Fraction(8, 3), ["E4"]),
        ("12f#L", Fraction(1, 3), ["F#4"]),
        ("(4g;)T'/", 1, ["G4"]),
        ("4c 4e- 4g", 1, ["C4", "E-4", "G4"]),
        ("4c e", 1, ["C4", "E4"]),
        ("[4a", 1, ["A4"]),
        ("4a_", 1, ["A4"]),
        ("4ayy", 1, ["A4"]),
        ("4r", 1, []),
        ("4ccr", 1, []),
    ],
)
def test_a_token(token: str, duration: Fraction, names: list[str]) -> None:
    [piece] = kern_pieces(f"**kern\n{token}\n*-\n")
    assert piece.end == duration
    assert [pitch.name for chord in piece.chords for pitch in chord.pitches] == names


@pytest.mark.parametrize(
    "token",
    [
        *(
            "c",
            "4",
            "4h",
            "4ce",
            "4cC",
            "4c4",
            "99999c",
            "4%0c",
            "4c 8e",
            "4" + 9 * "g",
            "4c" + 4 * "#",
            "4c.......",
            "x",
        ),
        "4" + 99 * "c",
    ],
)
def test_a_token_that_cannot_be_understood_is_refused_with_its_line(token: str) -> None:
    with pytest.raises(InputError, match=r"in line 3, (which|whose)"):
        kern_pieces(f"**kern\n4c\n{token}\n*-\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "**kern **harm / 4c I / 4d V7/xx / *- *-", [(0, 0, 1, "C4"), (0, 1, 1, "D4")], id="another kind of spine"
        ),
        pytest.param(
            "**dynam **kern **recip **kern **text / f 4c 4 2e la / . 4d 4 . . / *- *- *- *- *-",
            [(1, 0, 1, "C4"), (1, 1, 1, "D4"), (3, 0, 2, "E4")],
            id="others between",
        ),
        pytest.param(
            "**kern **xyz / *^ * / 4c 2e *v / 4d . x / *v *v * / 1f . / *- *-",
            [(0, 0, 1, "C4"), (0, 0, 2, "E4"), (0, 1, 1, "D4"), (0, 2, 4, "F4")],
            id="split and joined",
        ),
        pytest.param(
            "**kern **text / *^ *^ / 2c 2e la lo / *v *v *v *v / [2c~2e . / *- *-",
            [(0, 0, 2, "C4"), (0, 0, 2, "E4"), (0, 2, 2, "C4"), (0, 2, 2, "E4")],
            id="both spines join in one line",
        ),
        pytest.param(
            "**kern **kern / *x *x / 4e 4c / 4f 4d / *- *-",
            [(0, 0, 1, "C4"), (0, 1, 1, "D4"), (1, 0, 1, "E4"), (1, 1, 1, "F4")],
            id="exchanged",
        ),
        pytest.param(
            "**kern **text / *x *x / la 4c / *- *-", [(0, 0, 1, "C4")], id="exchanged with one of another kind"
        ),
        pytest.param(
            "**kern / 4c / *+ / * **kern / 4d 4f / * *- / 4e / *-",
            [(0, 0, 1, "C4"), (0, 1, 1, "D4"), (0, 2, 1, "E4"), (1, 1, 1, "F4")],
            id="begins late and ends early",
        ),
        pytest.param(
            "**kern **dynam / 1c < / . . / . f / 4d . / *- *-", [(0, 0, 4, "C4"), (0, 4, 1, "D4")], id="lines of others"
        ),
        pytest.param(
            "**kern **kern / 4c 2e / 8qd . / 4d . / 2f 2g / *- *-",
            [(0, 0, 1, "C4"), (0, 1, 1, "D4"), (0, 2, 2, "F4"), (1, 0, 2, "E4"), (1, 2, 2, "G4")],
            id="grace note",
        ),
        pytest.param(
            "**kern **kern / *^ * / 1c 2d 1e / =1 =1 =1 / 1f 1g 1a / *- *- *-",
            [(0, 0, 2, "D4"), (0, 0, 4, "C4"), (0, 4, 4, "F4"), (0, 4, 4, "G4"), (1, 0, 4, "E4"), (1, 4, 4, "A4")],
            id="a second voice that does not fill its bar",
        ),
        pytest.param(
            "**kern **kern / 4c 1e / . . / 4d . / *- *-",
            [(0, 0, 1, "C4"), (0, 1, 1, "D4"), (1, 0, 4, "E4")],
            id="empty lines between",
        ),
        pytest.param(
            "**kern **kern / *clefX *clefG2 / 4c 4c / *clefF4 * / 4d 4d / *- *-",
            [(0, 1, 1, "D4"), (1, 0, 1, "C4"), (1, 1, 1, "D4")],
            id="percussion",
        ),
        pytest.param("**kern / 4c / *cue / 4d / *Xcue / 4e / *-", [(0, 0, 1, "C4"), (0, 2, 1, "E4")], id="cue notes"),
        pytest.param(
            "**kern / *ITrd1c2 / *Trd-1c-2 / *8va / *k[f#] / 4f / *X8va / *-",
            [(0, 0, 1, "F4")],
            id="pitches are written as they sound",
        ),
    ],
)
def test_spines(text: str, expected: list[tuple[int, float, float, str]]) -> None:
    assert read(text) == expected


def test_bars_meters_and_tempos() -> None:
    first = "**kern **kern / *M3/4 *M3/4 / *MM60 *MM60 / 4c 4r / =1 =1 / 2.d 2.e / "
    second = "=2 =2 / *M2/4 *M2/4 / *MM90.5 * / 2f 2r / == == / *- *-"
    [piece] = kern_pieces(kern(first + second))
    assert piece.bars == [0, 1, 4]
    assert piece.meters == [(Fraction(0), 3, 4), (Fraction(4), 2, 4)]
    assert piece.tempos == [(Fraction(0), 60.0), (Fraction(4), 90.5)]
    assert piece.end == 6


@pytest.mark.parametrize(
    ("meter", "expected"),
    [("6/8", (6, 8)), ("3/0", (6, 1)), ("2/00", (8, 1)), ("X", None), ("999/4", None), ("4/4%2", None)],
)
def test_a_meter(meter: str, expected: tuple[int, int] | None) -> None:
    [piece] = kern_pieces(f"**kern\n*M{meter}\n1c\n*-\n")
    assert [change[1:] for change in piece.meters] == ([expected] if expected else [])


def test_sections_are_pieces_of_their_own() -> None:
    one, two = kern_pieces("!!!COM: x\n**kern\n4c\n*-\n!! Pleni\n**kern\t**kern\n4d\t4e\n*-\t*-\n")
    assert (notes_of(one), notes_of(two)) == ([(0, 0, 1, "C4")], [(0, 0, 1, "D4"), (1, 0, 1, "E4")])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("4c\n", "line 1 stands outside all spines"),
        ("", r"no \*\*kern spine, but nothing"),
        ("**mens\t**text\nSc\tla\n*-\t*-\n", r"no \*\*kern spine, but \*\*mens, \*\*text"),
        ("**kern\n4c\t4d\n", "2 columns in line 2, where 1 are open"),
        ("**kern\t**kern\n*x\t*\n", "exchanges 1 columns in line 2"),
        ("**kern\t**kern\n*v\t*\n", "joins a single column in line 2"),
        ("**kern\t**kern\n*\t4c\n", "notes beside interpretations in line 2"),
        ("**kern\t**kern\n=1\t4c\n", "notes beside a bar line in line 2"),
        ("**kern\t**kern\n4c\t2d\n4e\t4f\n", "do not add up: line 3, at '4e'"),
        ("**kern\n" + "0000c\n" * 4000, "longer than 100,000 quarter notes"),
    ],
)
def test_what_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        kern_pieces(text)


@pytest.mark.parametrize(
    "data",
    [
        "!!!COM: Dvořák\n**kern\n4c\n*-\n".encode(),
        "!!!COM: Dvořák\r\n**kern\r\n4c\r\n*-\r\n".encode("utf-8-sig"),
        "!!!COM: Dvořák\n**kern\n4c\n*-\n".encode("utf-16"),
        "!!!COM: Fauré\n**kern\t**text\n4c\tmort\x85\n*-\t*-\n".encode("latin-1"),
        b"**kern\r4c\r*-",
    ],
)
def test_encodings_and_line_ends(data: bytes) -> None:
    [piece] = kern_pieces(decode_humdrum(data))
    assert notes_of(piece) == [(0, 0, 1, "C4")]


def test_columns_without_end_are_refused() -> None:
    text = "\n".join("\t".join([token] * 3000) for token in ("**kern", "4c", "*-"))
    with pytest.raises(InputError, match="has 3000 columns in line 2; up to 200 are read"):
        kern_pieces(text)
