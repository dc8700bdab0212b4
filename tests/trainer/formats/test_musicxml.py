"""MusicXML and its archives: what is taken, what is left out, and what is refused before it can do harm."""

import zipfile
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import pytest

from lstm_composer.runtime.errors import InputError
from lstm_composer.trainer.formats.musicxml import MOST_SCORE_BYTES, musicxml_text
from lstm_composer.trainer.formats.score_reader import read_score

pytestmark = pytest.mark.skipif(find_spec("music21") is None, reason="music21 is not here")  # loaded by the first score

PART = '<score-part id="P{0}"><part-name>Part {0}</part-name></score-part>'
DECLARATION = '<?xml version="1.0" encoding="{}"?>'


def note(step: str, duration: int = 4, *, octave: int = 4, before: str = "", after: str = "", voice: int = 1) -> str:
    pitch = f"<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
    return f"<note>{before}{pitch}<duration>{duration}</duration>{after}<voice>{voice}</voice></note>"


def attributes(divisions: int = 1, more: str = "") -> str:
    time = "<time><beats>4</beats><beat-type>4</beat-type></time>"
    return f"<attributes><divisions>{divisions}</divisions>{time}{more}</attributes>"


def score(*parts: list[str]) -> str:
    """A score of parts, each a list of what its measures hold."""
    listed = "".join(PART.format(number) for number, _ in enumerate(parts, start=1))
    written = "".join(
        f'<part id="P{number}">'
        + "".join(f'<measure number="{bar}">{measure}</measure>' for bar, measure in enumerate(part, start=1))
        + "</part>"
        for number, part in enumerate(parts, start=1)
    )
    return f'<score-partwise version="4.0"><part-list>{listed}</part-list>{written}</score-partwise>'


def archive(*members: tuple[str, str | bytes]) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as written:
        for name, data in members:
            written.writestr(name, data)
    return file.getvalue()


def container(*paths: str) -> tuple[str, str]:
    roots = "".join(f'<rootfile full-path="{path}"/>' for path in paths)
    return "META-INF/container.xml", f"<container><rootfiles>{roots}</rootfiles></container>"


def read(folder: Path, data: str | bytes, suffix: str = ".musicxml") -> list[tuple[int, int, int]]:
    path = folder / f"a{suffix}"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    [piece] = read_score(path, path.name).pieces
    return [(heard.onset, heard.pitch, heard.duration) for heard in piece.notes]


C = score([attributes() + note("C")])
D = score([attributes() + note("D")])
CUE, CHORD = "<cue/>", "<chord/>"
BACK = "<backup><duration>4</duration></backup>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            score([attributes() + note("C"), note("D", before=CUE), note("E")]),
            [(0, 60, 96), (192, 64, 96)],
            id="a bar of cues",
        ),
        pytest.param(
            score([attributes() + note("C", 2, before=CUE) + note("E", 2, before=CHORD) + note("G", 2)]),
            [(0, 64, 48), (48, 67, 48)],
            id="a chord that begins with a cue",
        ),
        pytest.param(
            score([attributes() + note("C", 2) + note("E", 2, before=CUE + CHORD) + note("G", 2)]),
            [(0, 60, 48), (48, 67, 48)],
            id="a chord that ends with a cue",
        ),
        pytest.param(
            score([attributes() + note("C", 2, before=CUE) + note("E", 2, before=CUE + CHORD) + note("G", 2)]),
            [(48, 67, 48)],
            id="a chord of cues",
        ),
        pytest.param(
            score([attributes() + note("C").replace("<note>", '<note print-object="no">')]),
            [(0, 60, 96)],
            id="hidden notes sound",
        ),
        pytest.param(
            score(
                [attributes() + note("C"), note("D", 2), note("E")],
                [attributes() + note("C", octave=3), note("D", octave=3), note("E", octave=3)],
            ),
            [(0, 48, 96), (0, 60, 96), (96, 50, 96), (96, 62, 48), (192, 52, 96), (192, 64, 96)],
            id="a bar that one part does not fill",
        ),
        pytest.param(
            score(
                [attributes() + note("C"), "<note><rest/><duration>8</duration></note>", note("E")],
                [attributes() + note("C", octave=3), note("D", octave=3), note("E", octave=3)],
            ),
            [(0, 48, 96), (0, 60, 96), (96, 50, 96), (192, 52, 96), (192, 64, 96)],
            id="a bar's rest that is too long",
        ),
        pytest.param(
            score(
                [attributes(more="<transpose><chromatic>-2</chromatic></transpose>") + note("D")],
                [
                    attributes(more="<transpose><chromatic>0</chromatic><octave-change>-1</octave-change></transpose>")
                    + note("C")
                ],
            ),
            [(0, 48, 96), (0, 60, 96)],
            id="transpositions in semitones and octaves",
        ),
        pytest.param(
            score(
                [
                    attributes() + note("C", after='<tie type="start"/>') + BACK + note("E", 2, voice=2),
                    "<attributes><divisions>2</divisions></attributes>"
                    + note("G", 8)
                    + "<backup><duration>8</duration></backup>"
                    + note("C", 4, after='<tie type="stop"/>', voice=2)
                    + "<forward><duration>2</duration></forward>"
                    + note("A", 2, voice=2),
                ]
            ),
            [(0, 60, 144), (0, 64, 48), (96, 67, 96), (168, 69, 24)],
            id="a tie into another voice, other divisions, backup and forward",
        ),
        pytest.param(
            score(
                [
                    attributes() + note("C", after='<tie type="start"/>') + note("E", before=CHORD),
                    note("C", after='<tie type="stop"/>') + note("E", before=CHORD),
                ]
            ),
            [(0, 60, 192), (0, 64, 96), (96, 64, 96)],
            id="a chord with one note tied on and one struck again",
        ),
    ],
)
def test_what_is_heard(tmp_path: Path, text: str, expected: list[tuple[int, int, int]]) -> None:
    assert read(tmp_path, text) == expected


def test_a_tie_that_is_only_drawn(tmp_path: Path) -> None:
    start, stop = (f'<notations><tied type="{kind}"/></notations>' for kind in ("start", "stop"))
    assert read(tmp_path, score([attributes() + note("C", after=start), note("C", after=stop)])) == [(0, 60, 192)]


@pytest.mark.parametrize(
    "trap",
    [
        '<barline><ending number="1-99999999" type="start"/></barline>',
        "<harmony><degree><degree-value>9</degree-value><degree-alter>99999999</degree-alter></degree></harmony>",
        '<direction><direction-type><octave-shift type="down" size="8"/></direction-type></direction>',
    ],
)
def test_what_makes_no_notes_is_passed_over(tmp_path: Path, trap: str) -> None:
    assert read(tmp_path, C.replace("<note>", f"{trap}<note>")) == [(0, 60, 96)]


def test_a_score_written_bar_by_bar(tmp_path: Path) -> None:
    bars = "".join(
        f'<measure number="{bar}"><part id="P1">{start + note(step)}</part>'
        f'<part id="P2">{start + note(step, octave=3)}</part></measure>'
        for bar, (start, step) in enumerate([(attributes(), "C"), ("", "D")], start=1)
    )
    text = f"<score-timewise><part-list>{PART.format(1)}{PART.format(2)}</part-list>{bars}</score-timewise>"
    assert read(tmp_path, text) == [(0, 48, 96), (0, 60, 96), (96, 50, 96), (96, 62, 96)]


@pytest.mark.parametrize(
    "data",
    [
        C.encode("utf-8-sig"),
        (DECLARATION.format("UTF-8") + C).encode("utf-8-sig"),
        C.encode("utf-16"),
        (DECLARATION.format("UTF-16") + C).encode("utf-16"),
        (DECLARATION.format("UTF-8") + C).encode("utf-16"),
        (DECLARATION.format("ISO-8859-1") + C.replace("Part 1", "Flöte")).encode("latin-1"),
        b"\n " + C.encode(),
        archive(container("score.xml"), ("score.xml", C.encode("utf-16"))),
    ],
)
def test_encodings(tmp_path: Path, data: bytes) -> None:
    assert read(tmp_path, data) == [(0, 60, 96)]


@pytest.mark.parametrize("suffix", [".mxl", ".MXL", ".musicxml", ".xml"])
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(archive(container("score.xml"), ("parts/bass.xml", D), ("score.xml", C)), id="the one named"),
        pytest.param(archive(container("a/b.c", "d.xml"), ("d.xml", D), ("a/b.c", C)), id="the first named"),
        pytest.param(archive(("parts/bass.xml", D), ("score.xml", C)), id="without container, the topmost"),
        pytest.param(archive(container("../c.xml"), ("../c.xml", C), ("c.xml", D)), id="nothing leaves the archive"),
        pytest.param(C.encode(), id="no archive"),
    ],
)
def test_archives(tmp_path: Path, data: bytes, suffix: str) -> None:
    assert read(tmp_path, data, suffix) == [(0, 60, 96)]


def test_a_picture_named_before_the_score_is_passed_over(tmp_path: Path) -> None:
    roots = '<rootfile full-path="a.pdf" media-type="application/pdf"/><rootfile full-path="c.xml"/>'
    named = ("META-INF/container.xml", f'<container xmlns="urn:x"><rootfiles>{roots}</rootfiles></container>')
    assert read(tmp_path, archive(named, ("a.pdf", b"%PDF"), ("c.xml", C)), ".mxl") == [(0, 60, 96)]


ENTITIES = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
LAUGHS = f'<!DOCTYPE x [<!ENTITY a0 "ha">{ENTITIES}]><x>&a9;</x>'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (LAUGHS, "declares entities"),
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', "declares entities"),
        ("<a>" * 100_000, "too many elements"),
        ("<html/>", "begins with score-partwise, this with 'html'"),
        (C.replace("<divisions>1<", "<divisions>1e999<"), "holds <divisions>1e999</divisions>"),
        (C.replace("<beats>4<", "<beats>99999999<"), "holds <beats>99999999</beats>"),
        (C.replace("</time>", "</time><staves>99999999</staves>"), "holds <staves>99999999</staves>"),
        (C.replace("<time>", "<key><fifths>99999999</fifths></key><time>"), "holds <fifths>99999999</fifths>"),
        (C.replace("<octave>4<", "<octave>four<"), "holds <octave>four</octave>"),
        (DECLARATION.format("klingon") + C, "unknown encoding"),
        (DECLARATION.format("UTF-16") + C, "encoding specified in XML declaration is incorrect"),
        (archive(container("score.xml"), ("other.xml", C)), "its container names 'score.xml'"),
        (archive(container("../../etc/passwd"), ("score.xml", C)), r"its container names '\.\./\.\./etc/passwd'"),
        (archive(("a.txt", "a")), "holds no score"),
        (archive(container("s.xml"), ("s.xml", C))[:200], "archive that cannot be read"),
        (archive(("s.xml", b" " * (MOST_SCORE_BYTES + 1))), "holds 's.xml', which is too large: 32 MiB"),
        (archive(("META-INF/container.xml", LAUGHS), ("s.xml", C)), "declares entities"),
    ],
)
def test_what_is_refused(data: str | bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as refusal:
        musicxml_text(data.encode() if isinstance(data, str) else data)
    assert "\n" not in str(refusal.value)


def test_the_type_of_a_document_may_be_declared_and_is_not_fetched(tmp_path: Path) -> None:
    declared = '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://nowhere/x.dtd">'
    assert read(tmp_path, declared + C) == [(0, 60, 96)]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<divisions>1</divisions>", "", "no <divisions>"),
        ("<octave>4</octave>", "<alter>0.5</alter><octave>4</octave>", "a pitch between two keys"),
        ("<octave>4</octave>", "<octave>11</octave>", "<octave>11</octave>"),
        ("<duration>4</duration>", "<duration>-4</duration>", "a note shorter than nothing"),
    ],
)
def test_what_would_be_guessed_is_refused(old: str, new: str, reason: str) -> None:
    assert old in C
    with pytest.raises(InputError, match=reason):
        musicxml_text(C.replace(old, new).encode())


@pytest.mark.parametrize("path", ["./b c.xml", "/b c.xml", "b%20c.xml", "x/../b c.xml"])
def test_a_container_may_write_the_path_in_other_ways(tmp_path: Path, path: str) -> None:
    held = container(path)
    assert read(tmp_path, archive(("a.xml", D), held, ("b c.xml", C)), ".mxl") == [(0, 60, 96)]
    assert read(tmp_path, archive(("a.xml", D), (held[0].lower(), held[1]), ("b c.xml", C)), ".mxl") == [(0, 60, 96)]


def test_what_macos_puts_beside_a_score_is_none(tmp_path: Path) -> None:
    assert read(tmp_path, archive(("._s.xml", b"\0\5"), ("s.xml", C)), ".mxl") == [(0, 60, 96)]
