from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_composer.runtime.music.bars import MeterChange
from lstm_composer.runtime.music.notes import Meter, Note, without_overlaps
from lstm_composer.runtime.score import NOTATIONS
from lstm_composer.runtime.score.musicxml import musicxml
from lstm_composer.runtime.score.score import score_of
from lstm_composer.runtime.score.written import ScoreSettings
from lstm_composer.trainer.formats.score_reader import read_score
from tests.runtime.score.shown import METERS, notes_of, read_back, scored
from tests.support.quick import examples

_NOTES = st.lists(
    st.builds(
        Note, st.integers(0, 300), st.integers(0, 127), st.integers(1, 120), st.integers(1, 127), st.integers(0, 1)
    ),
    max_size=16,
)


def heard(notes: list[Note]) -> list[tuple[int, int, int]]:
    """Return what is to be read back: in each voice, a pitch that overlaps itself ends where it is struck again."""
    voices = {note.voice for note in notes}
    kept = [without_overlaps(note for note in notes if note.voice == voice) for voice in voices]
    return sorted((note.onset, note.pitch, note.duration) for voice in kept for note in voice)


@given(_NOTES, st.sampled_from(METERS))
def test_what_is_read_back_is_what_was_written(notes: list[Note], meter: str) -> None:
    assert read_back(musicxml(scored(notes, meter))) == heard(notes)


@settings(max_examples=examples(25))
@given(_NOTES.filter(bool), st.sampled_from(METERS))
def test_our_own_reader_of_scores_reads_it_back(
    tmp_path_factory: pytest.TempPathFactory, notes: list[Note], meter: str
) -> None:
    pytest.importorskip("music21")
    alone = [note for note in notes if note.voice == notes[0].voice]
    path = tmp_path_factory.mktemp("score") / "x.musicxml"
    path.write_bytes(musicxml(scored(alone, meter, has_dynamics=True)))
    [piece] = read_score(path, "x").pieces
    assert [(note.onset, note.pitch, note.duration) for note in piece.notes] == heard(alone)
    assert [note.velocity for note in piece.notes] == [note.velocity for note in without_overlaps(alone)]
    assert piece.meters == (MeterChange(0, Meter.parse(meter)),)
    assert piece.tempo_bpm == 120.0


def test_meters_and_tempos_change(tmp_path: Path) -> None:
    pytest.importorskip("music21")
    notes = notes_of((0, 60, 96), (96, 62, 72), (168, 64, 96), (200, 72, 12))
    meters = (MeterChange(0, Meter(4, 4)), MeterChange(96, Meter(3, 4)))
    music = ScoreSettings(title="x", meters=meters, tempos=((0, 90.0), (120, 60.0)))
    path = tmp_path / "x.musicxml"
    path.write_bytes(musicxml(score_of(notes, music)))
    [piece] = read_score(path, "x").pieces
    assert [(note.onset, note.pitch, note.duration) for note in piece.notes] == heard(notes)
    assert piece.meters == meters
    assert "<per-minute>60</per-minute>" in path.read_text(encoding="utf-8")


def test_a_file() -> None:
    notes = notes_of((0, 60, 24), (0, 64, 24), (24, 66, 12), (36, 67, 12))
    settings_ = ScoreSettings(title="A & B", meters=(MeterChange(0, Meter(2, 4)),), tempos=((0, 92.5),))
    assert musicxml(score_of(notes, settings_)).decode() == WHOLE


@pytest.mark.parametrize("notation", NOTATIONS)
def test_the_same_music_gives_the_same_bytes(notation: str) -> None:
    notes = notes_of((0, 60, 25), (24, 64, 30), (0, 40, 96))
    assert musicxml(scored(notes, notation=notation)) == musicxml(scored(notes[::-1], notation=notation))


def test_a_title_may_be_anything() -> None:
    title = "<img src=x onerror=alert(1)> \x1b[31m \udcff"
    text = musicxml(score_of(notes_of((0, 60, 96)), ScoreSettings(title=title))).decode()
    assert "<work-title>&lt;img src=x onerror=alert(1)&gt; \\x1b[31m \\xff</work-title>" in text


@pytest.mark.parametrize("meter", ["6/8", "3/8"])
def test_a_dotted_beat_counts_where_three_eighths_are_one(meter: str) -> None:
    text = musicxml(scored(notes_of((0, 60, 36)), meter)).decode()
    assert "<beat-unit>quarter</beat-unit>\n<beat-unit-dot />\n<per-minute>80</per-minute>" in text
    assert '<sound tempo="120" />' in text


WHOLE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">
<score-partwise version="4.0">
<work>
<work-title>A &amp; B</work-title>
</work>
<identification>
<creator type="composer">LSTM Composer</creator>
<encoding>
<software>LSTM Composer</software>
</encoding>
</identification>
<part-list>
<score-part id="P1">
<part-name print-object="no">Piano</part-name>
<score-instrument id="P1-I1">
<instrument-name>Piano</instrument-name>
</score-instrument>
<midi-instrument id="P1-I1">
<midi-channel>1</midi-channel>
<midi-program>1</midi-program>
</midi-instrument>
</score-part>
</part-list>
<part id="P1">
<measure number="1">
<attributes>
<divisions>24</divisions>
<key>
<fifths>0</fifths>
<mode>major</mode>
</key>
<time>
<beats>2</beats>
<beat-type>4</beat-type>
</time>
<clef>
<sign>G</sign>
<line>2</line>
</clef>
</attributes>
<direction placement="above">
<direction-type>
<metronome parentheses="no">
<beat-unit>quarter</beat-unit>
<per-minute>92</per-minute>
</metronome>
</direction-type>
<sound tempo="92.5" />
</direction>
<note id="n1">
<pitch>
<step>C</step>
<octave>4</octave>
</pitch>
<duration>24</duration>
<voice>1</voice>
<type>quarter</type>
</note>
<note id="n2">
<chord />
<pitch>
<step>E</step>
<octave>4</octave>
</pitch>
<duration>24</duration>
<voice>1</voice>
<type>quarter</type>
</note>
<note id="n3">
<pitch>
<step>F</step>
<alter>1</alter>
<octave>4</octave>
</pitch>
<duration>12</duration>
<voice>1</voice>
<type>eighth</type>
<accidental>sharp</accidental>
<beam number="1">begin</beam>
</note>
<note id="n4">
<pitch>
<step>G</step>
<octave>4</octave>
</pitch>
<duration>12</duration>
<voice>1</voice>
<type>eighth</type>
<beam number="1">end</beam>
</note>
<barline location="right">
<bar-style>light-heavy</bar-style>
</barline>
</measure>
</part>
</score-partwise>
"""
