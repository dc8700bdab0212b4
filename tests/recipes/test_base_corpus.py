"""The recipe of the bundle `base`: what goes into which style, and that a large one is cut the same way each time."""

import random
from pathlib import Path

import mido
import pytest

from lstm_composer.trainer.corpus.given_split import read_given_split
from recipes import base_corpus
from recipes.base_collections import CREDIT_POLISH_SCORES, OWN, PIANISTS, Candidate, candidates
from recipes.base_corpus import chosen, held_out, read, sources_of, split_of, without_copies, write_list, write_split
from recipes.manifests import MUTOPIA, wanted

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
DiabelliA/10-01-sonatina.mid\tSonatina\tPiano Duet\tClassical\tPublic Domain\tC. Cole\t10
HandelGF/11-01-suite.mid\tSuite\tHarpsichord\tBaroque\tPublic Domain\tC. Cole\t11
"""
LISTED = {
    "anthems": (
        (
            "own/king.mid",
            "God Save the King",
            "encoded for this project: melody",
            "CC0 1.0 (own encoding)",
            "yes",
            "",
            "",
        ),
        ("own/king-piano.mid", "God Save the King", "encoded for this project", "CC0 1.0 (own)", "yes", "", ""),
        ("found/wales.mid", "Hen Wlad", "typeset by B. Beer, Mutopia-2007", "Public Domain", "yes", "", "melody only"),
        ("found/lift.mid", "Lift", "music21 corpus", "CC0", "yes", "", ""),
        ("found/secret.mid", "Secret", "typeset by B. Beer, Mutopia-2007", "Public Domain", "no", "", ""),
    ),
    "national-airs": (
        ("air.mid", "Air", "typeset by S. Sand, Mutopia-2007/11; x", "Public Domain", "yes", "", "guitar"),
    ),
    "wedding": (
        ("in-shared/fugue.mid", "Fugue", "typeset by A", "Public Domain", "yes", "mutopia/BachJS/1-01-fugue.mid", ""),
        (
            "in-shared/suite.mid",
            "Suite",
            "typeset by C",
            "Public Domain",
            "yes",
            "mutopia/HandelGF/11-01-suite.mid",
            "",
        ),
        ("in-shared/rag.mid", "Rag", "typeset by C", "Public Domain", "yes", "mutopia/JoplinS/9-01-rag.mid", ""),
        ("found/love.mid", "Love", "OpenScore; x", "CC0 1.0", "yes", "", ""),
        ("found/braut.mid", "Brautlied", "OpenScore; x", "CC0 1.0", "yes", "", ""),
    ),
    "mutopia-keyboard-2": (
        ("JoplinS/maple.mid", "Maple Leaf Rag", "typeset by D. Day, Mutopia-1", "Public Domain", "yes", "", ""),
        ("CzernyC/etude.mid", "Etude", "typeset by D. Day, Mutopia-1", "Public Domain", "yes", "", ""),
    ),
    "polish-piano": (
        ("mazurek.mid", "Mazurek", "encoders", "CC BY 4.0 (polishscores.org)", "yes", "", ""),
        ("mazur-pc.mid", "Mazur [post correcturam]", "encoders", "CC BY 4.0 (polishscores.org)", "yes", "", ""),
        ("free.mid", "Polonez", "encoders", "CC BY 4.0 (polishscores.org)", "yes", "", "no meter in the score"),
        ("kolysanka.mid", "Kołysanka", "encoders", "CC BY 4.0 (polishscores.org)", "yes", "", ""),
        ("contredanse.mid", "Kontredanse na 4 ręce", "encoders", "CC BY 4.0 (polishscores.org)", "yes", "", ""),
        ("sonata.mid", "Sonata", "encoders", "CC BY 4.0 (polishscores.org)", "yes", "", ""),
    ),
    "openscore-lieder-2": (
        ("A/lc3.mid", "Wiegenlied", "OpenScore; x", "CC0 1.0", "yes", "", "lullaby"),
        ("A/lc4.mid", "Unruhiger Schlaf", "OpenScore; x", "CC0 1.0", "yes", "", "lullaby"),
    ),
    "openscore-quartets": (
        ("Haydn,_Joseph/sq1.mid", "String Quartet", "OpenScore; x", "CC0 1.0", "yes", "", ""),
        ("Janáček,_Leoš/sq2.mid", "String Quartet", "OpenScore; x", "CC0 1.0", "yes", "", ""),
    ),
}
"""Of each collection: file, title, source, licence, ship, in_shared, remark."""
COLUMNS = "file\ttitle\tsource\tlicence\tship\tin_shared\tremark\tmeter\tnotes\tcomposer\twork\n"
TUNE = "X:1\nT:Reel\nL:1/8\nM:4/4\nK:D\nDEFG ABcd dcBA GFED|\n"
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


def _write(path: Path, *, voices: int = 2, notes: int = 40, draw: str = "", velocity: int = 80) -> None:
    """Random chords of quarters, the same for the same name to draw by."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random_of, track = random.Random(draw or path.name), mido.MidiTrack()
    for _ in range(notes // voices):
        chord = random_of.sample(range(50, 80), voices)
        track += [mido.Message("note_on", note=pitch, velocity=velocity) for pitch in chord]
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
    for folder, rows in LISTED.items():
        for row in rows:
            _write(data / folder / row[0])
        lines = ["\t".join([*row, "" if "no meter" in row[-1] else "4/4", "40", "A. Anders", row[1]]) for row in rows]
        (data / folder / "MANIFEST.tsv").write_text(COLUMNS + "\n".join(lines) + "\n", encoding="utf-8")
    (data / "oldtime-folk").mkdir()
    (data / "oldtime-folk" / "Tunes.abc").write_text(TUNE + "\n" + TUNE.replace("X:1", "X:2"))
    return data


def _styles(found: list[Candidate]) -> dict[str, str]:
    return {candidate.path.name: candidate.style for candidate in found}


def test_every_file_goes_where_it_belongs(data: Path) -> None:
    assert _styles(list(candidates(data))) == {
        "chpn_op18.mid": "chopin",
        "grieg_berceuse.mid": "lullabies",
        "040-1a-BH.mid": "chopin",
        "1-01-fugue.mid": "wedding",
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
        "10-01-sonatina.mid": "duets",
        "maple.mid": "ragtime",
        "king.mid": "anthems",
        "king-piano.mid": "anthems",
        "air.mid": "folk",
        "suite.mid": "wedding",
        "braut.mid": "wedding",
        "mazurek.mid": "mazurkas",
        "kolysanka.mid": "lullabies",
        "contredanse.mid": "duets",
        "lc3.mid": "lullabies",
        "sq1.mid": "quartets",
        "Tunes.abc": "oldtime",
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
    assert len([c for c in kept if c.style == "hymns"]) == 1
    assert chosen(dict(reversed(pieces.items()))) == kept


def test_the_card_names_everyone_and_which_styles_they_gave(data: Path) -> None:
    pieces = read(list(candidates(data)))
    sources = {(s.source, s.licence): s for s in sources_of(chosen(pieces), pieces)}
    mutopia = sources[MUTOPIA, "Public Domain"]
    assert mutopia.attribution == "A. Anders, B. Beer, C, C. Cole, D. Day, S. Sand"
    assert mutopia.styles == ("duets", "folk", "lieder", "lullabies", "melodies", "ragtime", "wedding")
    assert sources[MUTOPIA, "Creative Commons Attribution 4.0"].styles == ("hymns",)
    assert sources[OWN, "CC0"].styles == ("anthems",)
    assert CREDIT_POLISH_SCORES in {source.attribution for source in sources.values()}
    assert sources["American old-time tunes", "CC BY-SA 4.0"].pieces == 2
    assert sum(source.pieces for source in sources.values()) == sum(map(len, pieces.values()))


def test_the_list_has_a_line_for_each_piece(data: Path, tmp_path: Path) -> None:
    pieces = read(list(candidates(data)))
    write_list(tmp_path / "list.tsv", chosen(pieces), pieces)
    lines = (tmp_path / "list.tsv").read_text().splitlines()
    assert len(lines) == 1 + len(pieces)
    assert "wedding\twedding/mutopia/1-01-fugue.mid\t40\tFugue\tPublic Domain\tA. Anders" in lines


def test_what_version_0_1_held_out_is_held_out_again(data: Path, tmp_path: Path) -> None:
    held = {"bach/mutopia/1-01-fugue.mid": "test", "ragtime/mutopia/9-01-rag.mid": "validation", "bach/x/2.mid": "test"}
    found = without_copies(candidates(data), held)
    assert "bach/mutopia/1-01-fugue.mid" in {candidate.name for candidate in found}
    pieces = read(found, held)
    write_split(tmp_path / "split.tsv", split_of(chosen(pieces, held), pieces, held))
    given = read_given_split(tmp_path)
    assert {name: part for name, part in given.items() if not name.startswith("anthems")} == {
        name: part for name, part in held.items() if "/x/" not in name
    }


def _parts(data: Path, held: dict[str, str]) -> dict[str, str]:
    pieces = read(without_copies(candidates(data), held), held)
    return split_of(chosen(pieces, held), pieces, held)


def test_all_files_of_a_work_are_in_one_part(data: Path) -> None:
    parts = _parts(data, {})
    assert set(parts) == {"anthems/anthems/king.mid", "anthems/anthems/king-piano.mid"}
    assert len(set(parts.values())) == 1


@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_work_goes_where_its_near_duplicate_is_held_out(data: Path, part: str) -> None:
    _write(data / "open-hymnal" / "OpenHymnal1.mid", draw="king-piano.mid", velocity=90)
    parts = _parts(data, {"hymns/open-hymnal/OpenHymnal1.mid": part})
    assert parts["anthems/anthems/king.mid"] == parts["anthems/anthems/king-piano.mid"] == part


def test_a_copy_says_of_which_work_it_is(data: Path) -> None:
    original, copy = data / "open-hymnal" / "OpenHymnal1.mid", data / "anthems" / "own" / "king.mid"
    original.write_bytes(copy.read_bytes())
    parts = _parts(data, {"hymns/open-hymnal/OpenHymnal1.mid": "test"})
    assert parts == {"anthems/anthems/king-piano.mid": "test", "hymns/open-hymnal/OpenHymnal1.mid": "test"}


def test_what_is_held_out_is_taken_first(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_corpus, "LARGEST", 70)
    held = {"chopin/first-editions/040-1a-BH.mid": "test"}
    pieces = read(without_copies(candidates(data), held), held)
    assert [c.path.name for c in chosen(pieces, held) if c.style == "chopin"] == ["040-1a-BH.mid"]


def test_a_copy_is_taken_once_and_stays_where_it_is_held_out(data: Path) -> None:
    original, copy = data / "irish-folk" / "Reel.mid", data / "open-hymnal" / "OpenHymnal1.mid"
    copy.write_bytes(original.read_bytes())
    names = {"hymns/open-hymnal/OpenHymnal1.mid", "fiddle/irish-folk/Reel.mid"}
    found = {candidate.name for candidate in without_copies(candidates(data), ())}
    assert len(found & names) == 1
    for name in names:
        assert names & {c.name for c in without_copies(candidates(data), {name: "test"})} == {name}


def test_the_list_of_what_was_held_out() -> None:
    held = held_out()
    assert len(held) == 383
    assert set(held.values()) == {"validation", "test"}
    assert len({name.partition("/")[2] for name in held}) == len(held)


def test_a_score_whose_pedal_is_never_lifted_is_left_out(data: Path) -> None:
    path = data / "polish-piano" / "mazurek.mid"
    _write(path, voices=10, notes=40)
    assert path not in {candidate.path for candidate in read(list(candidates(data)))}
    held = {"mazurkas/polish-piano/mazurek.mid": "test"}
    assert path in {candidate.path for candidate in read(list(candidates(data)), held)}


def test_a_lullaby_lulls(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_corpus, "LULLING", 1.0)
    assert "lullabies" not in {candidate.style for candidate in read(list(candidates(data)))}


def test_a_file_of_unknown_origin_is_an_error(data: Path) -> None:
    manifest = data / "anthems" / "MANIFEST.tsv"
    manifest.write_text(manifest.read_text().replace("encoded for this project: melody", "somewhere"))
    with pytest.raises(ValueError, match=r"king\.mid: say whom to thank for what comes from somewhere"):
        list(candidates(data))


@pytest.mark.parametrize(
    ("instruments", "is_wanted"),
    [("Piano", True), ("Voice (SATB)", True), ("Violin and Piano", False), ("Guitar", False), ("", False)],
)
def test_one_player_at_a_keyboard_can_think_it(instruments: str, *, is_wanted: bool) -> None:
    assert wanted(instruments) is is_wanted
