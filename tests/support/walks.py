"""Melodies that wander: music to train on, as notes and as MIDI files."""

import random
from collections.abc import Sequence
from pathlib import Path

import mido

from lstm_composer.runtime.music.notes import Note


def walk(seed: int, notes: int) -> list[Note]:
    """A melody unlike that of any other seed; now and then a second voice joins."""
    draw = random.Random(seed)
    melody, tick, pitch = [], 0, 60
    for _ in range(notes):
        tick += draw.choice([0, 12, 12, 24, 24, 48])
        pitch = min(84, max(48, pitch + draw.choice([-4, -3, -2, -1, 1, 2, 3, 5])))
        melody.append(Note(tick, pitch, draw.choice([6, 12, 24, 36]), draw.randrange(40, 120, 8)))
    return melody


def write_midi(path: Path, notes: Sequence[Note], channel: int = 0) -> None:
    """Write notes as a MIDI file, its folder too."""
    changes = [(note.onset, 1, note) for note in notes] + [(note.end, 0, note) for note in notes]
    track, now = mido.MidiTrack(), 0
    for tick, starts, note in sorted(changes, key=lambda change: change[:2]):
        kind = "note_on" if starts else "note_off"
        time, now = tick - now, tick
        track.append(mido.Message(kind, note=note.pitch, velocity=note.velocity, channel=channel, time=time))
    path.parent.mkdir(parents=True, exist_ok=True)
    mido.MidiFile(tracks=[track], ticks_per_beat=24).save(path)
