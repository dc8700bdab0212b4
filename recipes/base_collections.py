"""Which files of the collections go into which style of the bundle `base`, and whom to thank for them.

A style is one composer's music for keyboard, from all collections together, or one kind of music: songs are styles of
their own, since a voice with piano is another kind than piano. What is a lullaby, a mazurka, a polonaise or a waltz by
its title is one, whoever wrote it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from recipes.manifests import MUTOPIA, Row, manifest, mutopia_works

PIANO_MIDI_DE = "piano-midi.de"
FIRST_EDITIONS = "First Editions of Fryderyk Chopin's Music (chopinscores.org)"
CREDIT_FIRST_EDITIONS = (
    "Copyright 2017-2021 The Fryderyk Chopin Institute (nifc.pl), chopinscores.org, digital scores: "
    "github.com/pl-wnifc/humdrum-chopin-first-editions"
)
POLISH_SCORES = "Polish Music Heritage in Open Access (polishscores.org)"
CREDIT_POLISH_SCORES = (
    "Polish Music Heritage in Open Access, Copyright 2019-2022 The Fryderyk Chopin Institute (https://nifc.pl), "
    "Website: https://polishscores.org, Digital scores: https://github.com/pl-wnifc/humdrum-polish-scores, "
    "License: https://creativecommons.org/licenses/by/4.0"
)
OPENSCORE = "OpenScore Lieder Corpus"
CREDIT_OPENSCORE = "OpenScore contributors"
OWN = "Anthems and wedding music encoded for LSTM Composer"
ENSEMBLES = frozenset({"002", "003", "008", "011", "013", "014", "021", "022", "065", "GDC"})
"""Works of Chopin with other instruments."""
PERFORMED_BY_KRUEGER = frozenset({"007", "010", "018", "023", "025", "027", "028", "031", "033", "035", "053", "066"})
"""Works of Chopin that piano-midi.de holds pieces of: the first editions teach more where they bring others."""
LULLABY = re.compile(
    r"lullab|\bwiegen(?!feste)|berceuse|cradle|slumber song|schlummerlied|kołysank|coventry carol", re.IGNORECASE
)
"""Not all that names sleep: that is often a love song's, or the shepherds' who are to shake it off."""
FOUR_HANDS = re.compile(r"piano duet|na 4 ręce|[àa] (quatre|4) mains", re.IGNORECASE)
DANCES = {
    "mazurkas": re.compile(r"mazur|oberek|kujawiak", re.IGNORECASE),
    "polonaises": re.compile(r"polon", re.IGNORECASE),
    "krakowiaks": re.compile(r"krakow|cracov", re.IGNORECASE),
    "waltzes": re.compile(r"\bwal[cz]|valse|waltz|\bvalc", re.IGNORECASE),
}
"""Of the Polish collection; a title is the first of these that it names."""
PIANISTS = {
    **{
        name: name.lower()
        for name in (
            "Albeniz",
            "Bach",
            "Beethoven",
            "Brahms",
            "Burgmueller",
            "Chopin",
            "Christmas",
            "Clementi",
            "Debussy",
            "Grieg",
            "Haydn",
            "Liszt",
            "Mendelssohn",
            "Mozart",
            "Rachmaninoff",
            "Schubert",
            "Schumann",
            "Tchaikovsky",
        )
    },
    "Balakirev": "mighty-five",
    "Borodin": "mighty-five",
    "Mussorgsky": "mighty-five",
}
"""Folders of piano-midi.de and their styles; the others hold too little for one."""
COMPOSERS = {
    "BachJS": "bach",
    "BeethovenLv": "beethoven",
    "BrahmsJ": "brahms",
    "BurgmullerJFF": "burgmueller",
    "ChopinFF": "chopin",
    "ClementiM": "clementi",
    "DebussyC": "debussy",
    "DiabelliA": "duets",
    "GriegE": "grieg",
    "HaydnFJ": "haydn",
    "HunterC": "ragtime",
    "JoplinS": "ragtime",
    "LisztF": "liszt",
    "Mendelssohn-BartholdyF": "mendelssohn",
    "MozartWA": "mozart",
    "MussorgskyM": "mighty-five",
    "RachmaninoffS": "rachmaninoff",
    "Rimsky-KorsakovN": "mighty-five",
    "SatieE": "satie",
    "ScarlattiD": "scarlatti",
    "SchubertF": "schubert",
    "SchumannR": "schumann",
    "SousaJP": "marches",
    "TchaikovskyPI": "tchaikovsky",
    "TurpinT": "ragtime",
}
"""Folders of Mutopia for keyboard and their styles; Czerny and Handel stay unheard, to try `--from base` with."""
FOLK = frozenset({"Traditional", "FosterSC"})
FRENCH = frozenset({"Chaminade", "Debussy", "Fauré", "Holmès", "Satie", "FaureG", "DebussyC", "SatieE"})
"""Whose songs are mélodies; those of the others are lieder."""
QUARTETS = frozenset({"Haydn,_Joseph", "Mozart,_Wolfgang_Amadeus", "Saint-Georges,_Joseph_Bologne"})
"""Those of one time: later ones are another kind of music each."""
LONGEST_QUARTET = 8000
"""Notes of a file, which mostly holds all movements: a style needs enough pieces to hold some out."""
BRIDAL = re.compile(r"braut|ślub|wesel|wedding|vows|forever thine|morgen!", re.IGNORECASE)
"""Songs of OpenScore that are sung at weddings; other love songs are not."""
LENDERS = frozenset({"bach", "lieder", "melodies", "mendelssohn"})
"""Styles that have enough without the pieces that are also played at weddings."""


class Candidate(NamedTuple):
    """A file that may go into a style; `work` is what other files hold too, "" where nothing says so."""

    style: str
    collection: str
    path: Path
    title: str
    source: str
    licence: str
    credit: str
    performed: bool = False
    work: str = ""

    @property
    def key(self) -> str:
        """What it is called whatever its style."""
        return f"{self.collection}/{self.path.name}"

    @property
    def name(self) -> str:
        """Where it goes, below OUT."""
        return f"{self.style}/{self.key}"


def candidates(data: Path) -> Iterator[Candidate]:
    """All files that fit a style and may ship, each once."""
    found = [
        candidate._replace(style="lullabies") if _is_lullaby(candidate) else candidate
        for collection in (
            _piano_midi_de,
            _mutopia,
            _first_editions,
            _lieder,
            _plain_collections,
            _keyboard,
            _polish,
            _anthems,
            _more_lullabies,
            _quartets,
            _oldtime,
        )
        for candidate in collection(data)
    ]
    yield from _with_wedding(data, found)


def _is_lullaby(candidate: Candidate) -> bool:
    return candidate.style not in {"bach", "fiddle", "oldtime"} and bool(LULLABY.search(candidate.title))


def _piano_midi_de(data: Path) -> Iterator[Candidate]:
    for folder, style in PIANISTS.items():
        for path in _music(data / "piano-midi-de" / folder):
            credit, licence = "Bernd Krueger, source: piano-midi.de", "CC BY-SA 3.0 Germany"
            title = path.stem.replace("_", " ")
            yield Candidate(style, "piano-midi.de", path, title, PIANO_MIDI_DE, licence, credit, performed=True)


def _mutopia(data: Path) -> Iterator[Candidate]:
    for row in mutopia_works(data / "mutopia"):
        style = _style_in_mutopia(row)
        if style:
            path = data / "mutopia" / row["file"]
            yield Candidate(style, "mutopia", path, row["title"], MUTOPIA, row["licence"], row["encoder"])


def _style_in_mutopia(row: Row) -> str | None:
    folder, played_by = row["file"].split("/")[0], row["instruments"].lower()
    if folder in FOLK:
        return "folk"
    if "hymn" in row["period or kind"].lower():
        return "hymns"
    if FOUR_HANDS.search(played_by):
        return "duets"
    if folder != "BachJS" and any(other in played_by for other in ("clarinet", "cello", "trumpet", "mandolin")):
        return None
    if folder != "BachJS" and ("voice" in played_by or "choir" in played_by):
        with_piano = "piano" in played_by
        return ("melodies" if folder in FRENCH else "lieder") if with_piano else None
    return COMPOSERS.get(folder)


def _first_editions(data: Path) -> Iterator[Candidate]:
    folder = data / "chopin-first-editions"
    titles = {row["file"]: f"{row['opus']} {row['title']}" for row in manifest(folder)}
    for path in _music(folder):
        if path.name[:3] not in ENSEMBLES | PERFORMED_BY_KRUEGER:
            title = titles.get(path.name, path.stem)
            yield Candidate("chopin", "first-editions", path, title, FIRST_EDITIONS, "CC BY 4.0", CREDIT_FIRST_EDITIONS)


def _lieder(data: Path) -> Iterator[Candidate]:
    for path in sorted((data / "openscore-lieder").rglob("*.mid")):
        composer, cycle, song = path.relative_to(data / "openscore-lieder").parts[:3]
        style = "melodies" if composer.split(",")[0] in FRENCH else "lieder"
        title = f"{composer.split(',')[0]}: {cycle.strip('_')} {song}".replace("_", " ")
        yield Candidate(style, "openscore", path, title, OPENSCORE, "CC0", CREDIT_OPENSCORE)


def _plain_collections(data: Path) -> Iterator[Candidate]:
    public = "Public Domain"
    breathnach = "the collection of Breandan Breathnach, encoded by the Polifonia project"
    for folder, style, source, licence, credit in (
        ("snortum/scarlatti", "scarlatti", "Scarlatti sonatas, engraved", "CC BY-SA 4.0", "Knute Snortum"),
        ("open-hymnal", "hymns", "Open Hymnal", public, "Open Hymnal Project"),
        ("christmas-carols", "christmas", "Christmas carols in parts", public, "its encoder, into the public domain"),
        ("irish-folk", "fiddle", "Irish folk tunes", "CC BY 4.0", breathnach),
    ):
        for path in _music(data / folder):
            yield Candidate(style, folder.split("/")[0], path, path.stem, source, licence, credit)


def _keyboard(data: Path) -> Iterator[Candidate]:
    for row in manifest(data / "mutopia-keyboard-2"):
        style = COMPOSERS.get(row["file"].split("/")[0])
        if style:
            yield _listed(data, "mutopia-keyboard-2", row, style)


def _polish(data: Path) -> Iterator[Candidate]:
    """Dances, duets and lullabies; not what has no meter, nor a second version of what is there in a first."""
    for row in manifest(data / "polish-piano"):
        if row["meter"] and "post correcturam" not in row["title"]:
            style = _style_of_polish(row["title"])
            if style:
                yield _listed(data, "polish-piano", row, style)


def _style_of_polish(title: str) -> str | None:
    if FOUR_HANDS.search(title):
        return "duets"
    if LULLABY.search(title):
        return "lullabies"
    return next((style for style, named in DANCES.items() if named.search(title)), None)


def _anthems(data: Path) -> Iterator[Candidate]:
    """Anthems; not what music21's corpus has and gives to music21 alone. National airs are folk tunes."""
    for folder, style in (("anthems", "anthems"), ("national-airs", "folk")):
        for row in manifest(data / folder):
            if not row["source"].startswith("music21") and row["remark"] != "melody only":
                yield _listed(data, folder, row, style)


def _more_lullabies(data: Path) -> Iterator[Candidate]:
    for row in manifest(data / "openscore-lieder-2"):
        if row["remark"] == "lullaby" and LULLABY.search(row["title"]):
            yield _listed(data, "openscore-lieder-2", row, "lullabies")


def _quartets(data: Path) -> Iterator[Candidate]:
    for row in manifest(data / "openscore-quartets"):
        if row["file"].split("/")[0] in QUARTETS and int(row["notes"]) <= LONGEST_QUARTET:
            found = _listed(data, "openscore-quartets", row, "quartets")
            yield found._replace(source="OpenScore String Quartets")


def _oldtime(data: Path) -> Iterator[Candidate]:
    credit = "Josh Larios and the others whom the transcriptions name"
    for path in sorted((data / "oldtime-folk").glob("*.abc")):
        title = path.stem.replace("_", " ")
        yield Candidate("oldtime", "oldtime-folk", path, title, "American old-time tunes", "CC BY-SA 4.0", credit)


def _with_wedding(data: Path, found: list[Candidate]) -> Iterator[Candidate]:
    """What is played at weddings; copies of what other styles hold stay there, unless they can spare it."""
    rows = manifest(data / "wedding")
    by_path = {candidate.path.relative_to(data).as_posix(): candidate for candidate in found}
    lent = {row["in_shared"] for row in rows if row["in_shared"] in by_path}
    for path, candidate in by_path.items():
        is_lent = path in lent and candidate.style in LENDERS
        yield candidate._replace(style="wedding") if is_lent else candidate
    for row in rows:
        is_love_song = row["source"].startswith("OpenScore") and not BRIDAL.search(row["title"])
        if row["in_shared"] not in lent and not is_love_song:
            yield _listed(data, "wedding", row, "wedding")


def _listed(data: Path, folder: str, row: Row, style: str) -> Candidate:
    """A line of a manifest that says of each file whence it is."""
    origin, licence = row["source"], row["licence"].split(" (")[0].replace("CC0 1.0", "CC0")
    path = data / folder / row["file"]
    if "polishscores.org" in row["licence"]:
        source, credit = POLISH_SCORES, CREDIT_POLISH_SCORES
    elif origin.startswith("typeset by "):
        source, credit = MUTOPIA, origin.removeprefix("typeset by ").split(", Mutopia-")[0].split(";")[0]
    elif "mutopia/" in row["in_shared"]:
        source, credit = MUTOPIA, ""
    elif origin.startswith("OpenScore"):
        source, credit = OPENSCORE, CREDIT_OPENSCORE
    elif origin.startswith("encoded for this project"):
        source, credit = OWN, ""
    elif "Wikipedia" in origin:
        source, credit = "English Wikipedia, God Save the Tsar!", "Wikipedia contributors"
    elif origin.startswith("lilypond/"):
        source, credit = "LilyPond, example files", row["composer"]
    else:
        raise ValueError(f"{path}: say whom to thank for what comes from {origin}")
    return Candidate(style, folder, path, row["title"], source, licence, credit, work=row["work"])


def _music(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix == ".mid")
