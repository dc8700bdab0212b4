"""Notes into a score: hands, written lengths, voices, values, beams, clefs, spellings.

    settings = ScoreSettings(title="Waltz", meters=(MeterChange(0, Meter(3, 4)),), tempos=((0, 90.0),))
    score = score_of(notes, settings)
    text = musicxml(score)         # lstm_composer.runtime.score.musicxml
    svg = svg_of(score)            # lstm_composer.runtime.score.engraving, with the extra "score"
    score.sounding["n1"]           # (first tick, end) of the note whose element in the SVG has the id n1

Only engraving needs that extra.
"""

from collections.abc import Sequence
from itertools import count
from typing import Final

from lstm_composer.runtime.music.key_estimation import key_of
from lstm_composer.runtime.music.notes import Note, end_of, without_overlaps
from lstm_composer.runtime.score import Notation
from lstm_composer.runtime.score.bars import bars_of, notes_by_bar
from lstm_composer.runtime.score.beams import beamed
from lstm_composer.runtime.score.clefs import clefs_of
from lstm_composer.runtime.score.dynamics import marks
from lstm_composer.runtime.score.hands import MIDDLE_C, is_one_line, left_hand
from lstm_composer.runtime.score.readable import readable
from lstm_composer.runtime.score.rhythm import whole_bar_rest, written_voice
from lstm_composer.runtime.score.spelling import accidentals_of, key_signature, spellings
from lstm_composer.runtime.score.voices import lines_of, shared_out
from lstm_composer.runtime.score.written import (
    Bar,
    ClefSign,
    Part,
    Score,
    ScoreSettings,
    StaffBar,
    Voice,
    WrittenNote,
    heads,
)

Staves = list[tuple[ClefSign, list[WrittenNote]]]
"""The usual clef of each staff, and its notes."""
_MOST_STAVES: Final = 4


def score_of(notes: Sequence[Note], settings: ScoreSettings) -> Score:
    """Return the score of some music; each of its voices (`Note.voice`) is a part.

    Where a pitch overlaps itself in one voice, the earlier note ends there.
    """
    players = sorted({note.voice for note in notes}) or [0]
    played = [without_overlaps(note for note in notes if note.voice == player) for player in players]
    numbers = count(1)
    in_order = sorted((note, index) for index, part in enumerate(played) for note in part)
    numbered: list[list[tuple[Note, int]]] = [[] for _ in players]
    for note, index in in_order:
        numbered[index].append((note, next(numbers)))
    key = key_signature(key_of(notes))
    bars = bars_of(settings.meters, max(settings.end_tick, *map(end_of, played)))
    hands = [_hands(part, settings.notation) for part in numbered]
    everything = [note for part in hands for _, hand in part for note in hand]
    parts = [
        Part(
            name=settings.names[player] if player < len(settings.names) else "",
            staves=tuple(_staff(staff, bars, clef) for clef, staff in staves),
            dynamics=marks([note for _, staff in staves for note in staff], bars) if settings.has_dynamics else {},
        )
        for player, part in zip(players, hands, strict=True)
        for staves in _parts(part, bars)
    ]
    spelled = spellings(everything, key)
    return Score(
        title=settings.title,
        key=key,
        bars=bars,
        tempos=tuple(settings.tempos),
        parts=tuple(parts),
        has_dynamics=settings.has_dynamics,
        spellings=spelled,
        accidentals={id_: sign for part in parts for id_, sign in accidentals_of(part, spelled, key).items()},
        sounding={head.id: (head.note.onset, head.note.sounding_end) for part in parts for head in heads(part)},
    )


def _hands(played: Sequence[tuple[Note, int]], notation: Notation) -> Staves:
    """Return the usual clef and the notes of each hand: of one where that is all."""
    alone = [note for note, _ in played]
    taken = set() if is_one_line(alone) else left_hand(alone)
    hands: list[list[WrittenNote]] = [[], []]
    for note, number in played:
        written = WrittenNote(number, note.onset, note.end, note.pitch, note.velocity, note.end)
        hands[note in taken].append(written)
    if notation == "readable":
        struck_again = _struck_again(played)
        hands = [readable(hand, struck_again) for hand in hands]
    upper, lower = hands
    one = upper or lower
    is_low = bool(one) and sum(note.pitch for note in one) / len(one) < MIDDLE_C - 2
    return [("G", upper), ("F", lower)] if upper and lower else [("F" if is_low else "G", one)]


def _parts(hands: Staves, bars: Sequence[Bar]) -> list[Staves]:
    """Return the staves of the parts that a player needs: of one, and of more where a hand does not fit on a staff.

    Programs such as MuseScore take no more than _MOST_STAVES of a part.
    """
    shared = [[(clef, staff) for staff in shared_out(hand, bars)] for clef, hand in hands]
    more = [staff for staves in shared for staff in staves[1:]]
    rest = [more[first : first + _MOST_STAVES] for first in range(0, len(more), _MOST_STAVES)]
    return [[staves[0] for staves in shared], *rest]


def _struck_again(played: Sequence[tuple[Note, int]]) -> dict[int, int]:
    """Return the next onset of its pitch for the number of each note that has one."""
    following: dict[int, int] = {}
    found: dict[int, int] = {}
    for note, number in reversed(played):
        if note.pitch in following:
            found[number] = following[note.pitch]
        following[note.pitch] = note.onset
    return found


def _staff(notes: Sequence[WrittenNote], bars: Sequence[Bar], usual: ClefSign) -> tuple[StaffBar, ...]:
    clefs = clefs_of(notes, bars, usual)
    return tuple(
        StaffBar(clef, _voices(inside, bar))
        for clef, inside, bar in zip(clefs, notes_by_bar(notes, bars), bars, strict=True)
    )


def _voices(notes: Sequence[WrittenNote], bar: Bar) -> tuple[Voice, ...]:
    """Return the voices of a bar; only the rests of the one that sounds most are shown."""
    if not notes:
        return (whole_bar_rest(bar.start, bar.end),)
    lines = lines_of(notes, bar)
    sounding = [sum(end - start for start, end, struck in line if struck) for line in lines]
    main = sounding.index(max(sounding))
    return tuple(
        beamed(written_voice(line, bar.meter, bar.start, hides_rests=index != main), bar)
        for index, line in enumerate(lines)
    )
