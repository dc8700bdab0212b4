"""The recipe of the bundle `base`: what goes into which style, and that a large one is cut the same way each time."""

import random
from pathlib import Path

import base_corpus
import mido
import pytest
from base_corpus import PIANISTS, Candidate, candidates, chosen, read, sources_of, write_list
from gathering import wanted

# Keras 3.15 copies variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

MANIFEST = """file\ttitle\tinstruments\tperiod or kind\tlicence\tencoder\tmutopia id
BachJS/1-01-fugue.mid\tFugue\tOrgan\tBaroque\tPublic Domain\tA. Anders\t1
BachJS/2-01-partita.mid\tPartita\tViolin\tBaroque\tPublic Domain\tA. Anders\t2
SchubertF/3-01-lied.mid\tAn die Musik\tVoice and Piano\tRomantic\tPublic Domain\tB. Beer\t3
SchubertF/4-01-wiegenlied.mid\tWiegenlied\tVoice and Piano\tRomantic\tPublic Domain\tB. Beer\t4
SatieE/5-01-je-te-veux.mid\tJe te veux\tVoice and Piano\tModern\tPublic Domain\tB. Beer\t5
Traditional/6-01-sing-ivy.mid\tSing Ivy\tVoice and Piano\tFolk\tPublic Domain\tB. Beer\t6
MozartWA/7-01-trio.mid\tTrio\tClarinet and Piano\tClassical\tPublic Domain\tB. Beer\t7
HandelGF/8-01-antioch.mid\tAntioch\tVoice (SATB)\tHymn\tCreative Commons Attribution 4.0 International\tB. Beer\t8
JoplinS/9-01-rag.mid\tRag\tPiano\tJazz\tPublic Domain\tC. Cole\t9
JoplinS/9-02-rag.mid\tRag\tPiano\tJazz\tPublic Domain\tC. Cole\t9
"""
OTHERS = (
    "piano-midi-de/Chopin/chpn_op18.mid",
    "piano-midi-de/Grieg/grieg_berceuse.mid",
    "chopin-first-editions/018-1-BH.mid",
    "chopin-first-editions/021-1-BH.mid",
    "chopin-first-editions/040-1a-BH.mid",
    "openscore-lieder/Wolf,_Hugo/Eichendorff-Lieder/1_Der_Freund/lc1.mid",
    "openscore-lieder/Debussy,_Claude/_/Mandoline/lc2.mid",
    "snortum/scarlatti/k1.mid",
    "open-hymnal/OpenHymnal1.mid",
    "christmas-carols/Cradle Hymn.mid",
    "christmas-carols/Joy to the World!.mid",
    "irish-folk/Reel.mid",
)


def _write(path: Path, *, voices: int = 2, notes: int = 40) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draw, track = random.Random(path.name), mido.MidiTrack()
    for _ in range(notes // voices):
        chord = draw.sample(range(50, 80), voices)
        track += [mido.Message("note_on", note=pitch, velocity=80) for pitch in chord]
        track += [mido.Message("note_off", note=pitch, time=24 * (number == 0)) for number, pitch in enumerate(chord)]
    mido.MidiFile(tracks=[track], ticks_per_beat=24).save(path)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All collections, each with a file or a few."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    data = tmp_path / "data"
    for folder in PIANISTS:
        (data / "piano-midi-de" / folder).mkdir(parents=True)
    for name in OTHERS:
        _write(data / name)
    (data / "chopin-first-editions" / "MANIFEST.tsv").write_text(
        "file\topus\ttitle\n040-1a-BH.mid\tOp. 40\tPolonaise\n"
    )
    for line in MANIFEST.splitlines()[1:]:
        name = line.split("\t")[0]
        _write(data / "mutopia" / name, voices=1 if name.endswith("9-02-rag.mid") else 2)
    (data / "mutopia" / "MANIFEST.tsv").write_text(MANIFEST)
    return data


def _styles(found: list[Candidate]) -> dict[str, str]:
    return {candidate.path.name: candidate.style for candidate in found}


def test_every_file_goes_where_it_belongs(data: Path) -> None:
    assert _styles(list(candidates(data))) == {
        "chpn_op18.mid": "chopin",
        "grieg_berceuse.mid": "lullabies",
        "040-1a-BH.mid": "chopin",
        "1-01-fugue.mid": "bach",
        "3-01-lied.mid": "lieder",
        "4-01-wiegenlied.mid": "lullabies",
        "5-01-je-te-veux.mid": "melodies",
        "6-01-sing-ivy.mid": "folk",
        "8-01-antioch.mid": "hymns",
        "9-01-rag.mid": "ragtime",
        "9-02-rag.mid": "ragtime",
        "lc1.mid": "lieder",
        "lc2.mid": "melodies",
        "k1.mid": "scarlatti",
        "OpenHymnal1.mid": "hymns",
        "Cradle Hymn.mid": "lullabies",
        "Joy to the World!.mid": "christmas",
        "Reel.mid": "fiddle",
    }


def test_one_players_part_of_a_work_is_left_out(data: Path) -> None:
    names = {candidate.path.name for candidate in read(list(candidates(data)))}
    assert "9-01-rag.mid" in names
    assert "9-02-rag.mid" not in names


def test_a_large_style_is_cut_performances_first(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_corpus, "LARGEST", 70)
    pieces = read(list(candidates(data)))
    kept = chosen(pieces)
    assert [c.path.name for c in kept if c.style == "chopin"] == ["chpn_op18.mid"]
    assert len([c for c in kept if c.style == "lullabies"]) == 1
    assert chosen(dict(reversed(pieces.items()))) == kept


def test_the_card_names_everyone_and_which_styles_they_gave(data: Path) -> None:
    pieces = read(list(candidates(data)))
    sources = {(s.source, s.licence): s for s in sources_of(chosen(pieces), pieces)}
    mutopia = sources[base_corpus.MUTOPIA, "Public Domain"]
    assert mutopia.attribution == "A. Anders, B. Beer, C. Cole"
    assert mutopia.styles == ("bach", "folk", "lieder", "lullabies", "melodies", "ragtime")
    assert sources[base_corpus.MUTOPIA, "Creative Commons Attribution 4.0"].styles == ("hymns",)
    assert sum(source.pieces for source in sources.values()) == len(pieces)


def test_the_list_has_a_line_for_each_piece(data: Path, tmp_path: Path) -> None:
    pieces = read(list(candidates(data)))
    write_list(tmp_path / "list.tsv", chosen(pieces), pieces)
    lines = (tmp_path / "list.tsv").read_text().splitlines()
    assert len(lines) == 1 + len(pieces)
    assert "bach\tbach/mutopia/1-01-fugue.mid\t40\tFugue\tPublic Domain\tA. Anders" in lines


@pytest.mark.parametrize(
    ("instruments", "is_wanted"),
    [("Piano", True), ("Voice (SATB)", True), ("Violin and Piano", False), ("Guitar", False), ("", False)],
)
def test_one_player_at_a_keyboard_can_think_it(instruments: str, *, is_wanted: bool) -> None:
    assert wanted(instruments) is is_wanted
