"""A corpus as the article's tokens, one for each onset, so that its networks can be measured on any music.

A single note is its name ("C4"), a chord its pitch classes ("0.4.7"): the names that music21 gives and the article
used, but taken from all notes of an onset and without music21. (music21 writes the classes of a chord in normal order,
here they rise; which chords share a name is the same.)
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from lstm_composer.runtime.music.event_encoding import quantise
from lstm_composer.runtime.music.notes import Note
from lstm_composer.runtime.music.pitches import pitch_class_names, pitch_name
from lstm_composer.trainer.article.tokens import TokenCorpus, TokenPiece
from lstm_composer.trainer.corpus.corpus import Corpus

_NAMES = pitch_class_names(2, flat="-")  # as music21 spells them


def token_of(pitches: Iterable[int]) -> str:
    """Name of the pitches (MIDI note numbers, at least one) of an onset."""
    different = set(pitches)
    if len(different) == 1:
        [pitch] = different
        return pitch_name(pitch, _NAMES)
    return ".".join(map(str, sorted({pitch % 12 for pitch in different})))


def tokens_of(notes: Iterable[Note]) -> Iterator[str]:
    """Tokens of notes in their order, one for each onset."""
    for _, chord in groupby(notes, key=attrgetter("onset")):
        yield token_of(note.pitch for note in chord)


def token_corpus(corpus: Corpus) -> TokenCorpus:
    """The tokens of all pieces, on the grid that `stream` sees them on."""
    pieces = (TokenPiece(piece.name, tuple(tokens_of(quantise(piece.notes)))) for piece in corpus.pieces)
    return TokenCorpus(tuple(pieces), (), corpus.source)
