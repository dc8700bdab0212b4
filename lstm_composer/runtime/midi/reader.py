"""What is heard when a MIDI file is played: one set of rules, for what is trained on and for what is continued.

A file is played on one keyboard for each channel (of each port), whatever tracks its messages stand in:

- A note ends at the last note-off of its pitch before the next note-on of it, or at that note-on if there is none
  between, so that a lost note-off spoils one note, and two voices in unison end with the longer one. One that is not
  ended at all is held to the end of the file, at most LONGEST_HELD_TICKS.
- All notes off (CC123 and the mode changes 124 to 127, MIDI 1.0) lets go of the keys that are down, all sound off
  (CC120) also of what the pedal holds. Note-offs for nearly all pitches at once are an all notes off in long.
- Under the sustain pedal (CC64) a note sounds until the pedal is lifted, at most LONGEST_HELD_TICKS, or until its pitch
  is struck again. Reset all controllers (CC121) lifts it.
- Channel 10 is drums (General MIDI), which are left out.
- Tempos and meters hold for all tracks; of several at one tick the last one. Tempos outside 20..400 quarter notes a
  minute and meters without a name here (5/64) are passed over.
- The sequences of a type 2 file do not sound together: each follows from the next bar line on.

Positions are brought to our ticks by rounding, onsets and ends each for themselves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.midi.messages import SUSTAIN_PEDAL
from lstm_composer.runtime.midi.smf import MOST_MIDI_BYTES, TICK_SHIFT, Meta, MidiFile, Track, parse_midi
from lstm_composer.runtime.music.bars import MeterChange, bar_positions, in_order
from lstm_composer.runtime.music.notes import (
    MICROSECONDS_PER_MINUTE,
    TICKS_PER_QUARTER,
    TICKS_PER_WHOLE,
    Meter,
    Note,
    end_of,
    rescale_tick,
    without_overlaps,
)
from lstm_composer.runtime.system.foreign_files import read_foreign

LONGEST_HELD_TICKS: Final = 4 * TICKS_PER_WHOLE
"""A pedal never lifted, or a note never ended, must not last to the end of the piece."""
DEFAULT_TEMPO_BPM: Final = 120.0
"""The tempo of a MIDI file that names none (RP-001)."""
SLOWEST_BPM: Final = 20.0
FASTEST_BPM: Final = 400.0
"""What --tempo allows; tempos beyond are slips, or pauses written as a tempo."""
DRUM_CHANNEL: Final = 9
_ALL_SOUND_OFF, _RESET = 120, 121
_ALL_NOTES_OFF: Final = (123, 124, 125, 126, 127)
_PEDAL_DOWN: Final = 64
_SWEEP_PITCHES: Final = 64
"""So many pitches ended at one tick are a sequencer's way to silence everything: all 128, or the 88 of a piano."""
_NEVER: Final = np.iinfo(np.int64).max

_Ints = NDArray[np.int64]
_Flags = NDArray[np.bool_]


@dataclass(slots=True)
class MidiMusic:
    """What a file holds.

    Attributes:
        notes: In our ticks, sorted, no pitch overlapping itself, without drums.
        meters: In the order of the file; see `runtime.music.bars.in_order`.
        tempos: (tick, quarter notes a minute) of each change, rising.
        has_drums: Whether there are notes on a channel for drums.
        off_ticks: The sum of what rounding moved onsets by.
        read_notes: How many notes that sum is of: those that were written, before overlaps went.

    """

    notes: list[Note] = field(default_factory=list)
    meters: list[MeterChange] = field(default_factory=list)
    tempos: list[tuple[int, float]] = field(default_factory=list)
    has_drums: bool = False
    off_ticks: float = 0.0
    read_notes: int = 0

    @property
    def last_tempo_bpm(self) -> float:
        """The tempo at the end of the music."""
        end = end_of(self.notes)
        return next((tempo for tick, tempo in reversed(self.tempos) if tick < max(1, end)), DEFAULT_TEMPO_BPM)

    def next_bar(self) -> tuple[int, Meter]:
        """The bar line at or after the end of the music, and the meter in force there."""
        end = end_of(self.notes)
        [(position, meter)] = bar_positions(in_order(one for one in self.meters if one.tick < max(1, end)), [end])
        return end + (-position) % meter.ticks_per_bar, meter

    def append(self, sequence: "MidiMusic") -> None:
        """Add a sequence, from the bar line at or after the end of what is there."""
        start = self.next_bar()[0] if self.notes else 0
        self.notes += [replace(note, onset=note.onset + start) for note in sequence.notes] if start else sequence.notes
        self.meters += [MeterChange(change.tick + start, change.meter) for change in in_order(sequence.meters)]
        self.tempos += [(tick + start, tempo_bpm) for tick, tempo_bpm in sequence.tempos]
        self.has_drums = self.has_drums or sequence.has_drums
        self.off_ticks += sequence.off_ticks
        self.read_notes += sequence.read_notes


def read_music(path: Path) -> MidiMusic:
    """Read a MIDI file.

    Raises:
        InputError: If it cannot be opened, is no MIDI file, or is damaged; the message is a reason that follows the
            file's name.

    """
    return music_of(parse_midi(read_foreign(path, MOST_MIDI_BYTES)))


def music_of(file: MidiFile) -> MidiMusic:
    """Play a file on the keyboard.

    Raises:
        InputError: If it is damaged; the message is a reason that follows the file's name.

    """
    music = MidiMusic()
    for tracks in [[track] for track in file.tracks] if file.kind == 2 else [file.tracks]:
        music.append(_play(tracks, file.resolution))
    return music


def _play(tracks: Sequence[Track], resolution: int) -> MidiMusic:
    """Play tracks that sound together."""
    metas = sorted(((tick, kind, data) for track in tracks for tick, kind, data in track.metas), key=lambda one: one[0])
    end_tick = max((track.end_tick for track in tracks), default=0)
    channels = list(_channels(tracks))
    parts = [_notes_of(channel, end_tick, resolution) for channel in channels if channel.number != DRUM_CHANNEL]
    return MidiMusic(
        notes=without_overlaps(note for part in parts for note in part.notes),
        meters=[
            MeterChange(rescale_tick(tick, resolution), meter)
            for tick, kind, data in metas
            if kind is Meta.METER and (meter := _meter(data)) is not None
        ],
        tempos=[
            (rescale_tick(tick, resolution), tempo)
            for tick, kind, data in metas
            if kind is Meta.TEMPO and (tempo := _tempo(data)) is not None
        ],
        has_drums=any(channel.is_on.any() for channel in channels if channel.number == DRUM_CHANNEL),
        off_ticks=sum((part.off_ticks for part in parts), 0.0),
        read_notes=sum(len(part.notes) for part in parts),
    )


def _meter(data: bytes) -> Meter | None:
    try:
        return Meter(data[0], 1 << data[1])
    except InputError:
        return None


def _tempo(data: bytes) -> float | None:
    microseconds = int.from_bytes(data[:3], "big")
    tempo = MICROSECONDS_PER_MINUTE / microseconds if microseconds else 0.0
    return tempo if SLOWEST_BPM <= tempo <= FASTEST_BPM else None


@dataclass(frozen=True, slots=True)
class _Channel:
    """The messages for one keyboard, in the order in which they are played; columns of equal length."""

    number: int
    tick: _Ints
    kind: _Ints
    first: _Ints
    second: _Ints

    @property
    def is_on(self) -> _Flags:
        return np.asarray((self.kind == 0x9) & (self.second > 0))

    @property
    def is_off(self) -> _Flags:
        return np.asarray((self.kind == 0x8) | ((self.kind == 0x9) & (self.second == 0)))

    def is_control(self, *numbers: int) -> _Flags:
        return np.asarray((self.kind == 0xB) & np.isin(self.first, numbers))


def _channels(tracks: Sequence[Track]) -> Iterable[_Channel]:
    """The messages of all tracks by port and channel; at one tick in the order of the tracks."""
    packed = np.array([event for track in tracks for event in track.events], np.int64)
    ports = np.array([track.port for track in tracks for _ in track.events], np.int64)
    order = np.argsort(packed >> TICK_SHIFT, kind="stable")
    packed, ports = packed[order], ports[order]
    keyboard = ports << 4 | packed >> 16 & 0xF
    for one in np.unique(keyboard):
        messages = packed[keyboard == one]
        yield _Channel(
            int(one) & 0xF, messages >> TICK_SHIFT, messages >> 20 & 0xF, messages >> 8 & 0x7F, messages & 0x7F
        )


class _Part(NamedTuple):
    """What is heard of a channel, and by how much rounding moved its onsets, in our ticks."""

    notes: list[Note]
    off_ticks: float


def _notes_of(channel: _Channel, end_tick: int, resolution: int) -> _Part:
    begins, ends, is_struck = _held(channel)
    is_ended = ends < _NEVER
    place = np.where(is_ended, ends, 0)
    start = channel.tick[begins]
    let_go = np.where(is_ended, channel.tick[place], end_tick)
    silent = np.where(is_ended & ~is_struck, _silent(channel, place, end_tick), let_go)
    longest = np.where(is_ended, let_go, start)  # keys that were let go of may have been held for as long as they like
    end = np.minimum(silent, np.maximum(longest, start + LONGEST_HELD_TICKS * resolution // TICKS_PER_QUARTER))
    is_heard = (end > start) | (is_ended & ~is_struck)  # else it was struck twice at once, or at the very end
    start, end, begins = start[is_heard], end[is_heard], begins[is_heard]
    onset = _rescaled(start, resolution)
    duration = np.maximum(1, _rescaled(end, resolution) - onset)
    off_ticks = float(np.abs(start * (TICKS_PER_QUARTER / resolution) - onset).sum())
    pitch, velocity = channel.first[begins], channel.second[begins]
    notes = list(map(Note, onset.tolist(), pitch.tolist(), duration.tolist(), velocity.tolist()))
    return _Part(notes, off_ticks)


def _held(channel: _Channel) -> tuple[_Ints, _Ints, _Flags]:
    """Which messages begin a note; which let go of it, or _NEVER; and whether that is its pitch being struck again.

    All are places in the channel's messages. Messages are laid out pitch by pitch, so that all that stands between one
    note-on and the next, or the end of the pitch, are the note-offs of the first.
    """
    is_off = channel.is_off
    is_sweep = _is_sweep(channel, is_off)
    silences = np.flatnonzero(channel.is_control(_ALL_SOUND_OFF, *_ALL_NOTES_OFF) | is_sweep)
    keys = np.flatnonzero(channel.is_on | (is_off & ~is_sweep))
    keys = keys[np.argsort(channel.first[keys], kind="stable")]
    pitch = channel.first[keys]
    rows = np.flatnonzero(channel.is_on[keys])
    pitch_over = np.searchsorted(pitch, pitch[rows], side="right")
    over = np.minimum(np.append(rows[1:], len(keys)), pitch_over)
    has_off, is_struck = over > rows + 1, over < pitch_over
    places = np.append(keys, _NEVER)
    begins = keys[rows]
    ends = np.where(has_off, places[over - 1], np.where(is_struck, places[over], _NEVER))
    first_end = np.where(has_off | is_struck, places[rows + 1], _NEVER)
    silence = np.append(silences, _NEVER)[np.searchsorted(silences, begins)]
    is_silenced = silence < first_end
    return begins, np.where(is_silenced, silence, ends), is_struck & ~has_off & ~is_silenced


def _is_sweep(channel: _Channel, is_off: _Flags) -> _Flags:
    """Which note-offs are part of one for nearly all pitches at one tick."""
    ended = np.unique(channel.tick[is_off] << 7 | channel.first[is_off])
    ticks, counts = np.unique(ended >> 7, return_counts=True)
    return is_off & np.isin(channel.tick, ticks[counts >= _SWEEP_PITCHES])


def _silent(channel: _Channel, place: _Ints, end_tick: int) -> _Ints:
    """When what was let go of at each place falls silent: there, or where the pedal that is down then is lifted."""
    is_pedal = channel.is_control(SUSTAIN_PEDAL)
    changes = np.flatnonzero(is_pedal | channel.is_control(_RESET))
    if not len(changes):
        return channel.tick[place]
    is_down = is_pedal & (channel.second >= _PEDAL_DOWN)
    before = np.searchsorted(changes, place) - 1
    is_held = (before >= 0) & is_down[changes[np.maximum(before, 0)]]
    lifts = np.flatnonzero((is_pedal & ~is_down) | channel.is_control(_RESET, _ALL_SOUND_OFF))
    lifted = np.append(channel.tick[lifts], end_tick)[np.searchsorted(lifts, place)]
    return np.where(is_held, lifted, channel.tick[place])


def _rescaled(ticks: _Ints, resolution: int) -> _Ints:
    """Do what `rescale_tick` does, to many at once."""
    return (2 * TICKS_PER_QUARTER * ticks + resolution) // (2 * resolution)
