"""MIDI files: type 1, 480 ticks a quarter, the same bytes for the same music."""

import io
from collections.abc import Sequence

import mido

from lstm_composer.runtime.midi.messages import Kind, Message
from lstm_composer.runtime.music.notes import Meter, Note, tempo_microseconds

RESOLUTION = 480
"""Ticks a quarter in the file, 20 for each of ours: every DAW and library reads it, and nothing is rounded."""
_SCALE = RESOLUTION // 24


def midi_bytes(
    notes: Sequence[Note],
    *,
    tempo_bpm: float,
    meter: Meter,
    end_tick: int,
    channels: Sequence[int] = (1,),
    name: str = "LSTM Composer",
    tempo_changes: Sequence[tuple[int, float]] = (),
) -> bytes:
    """Return a MIDI file: a track of tempo, meter and name; then one for each voice, with program 0 and its notes.

    Args:
        notes: Any order; no pitch of a voice overlapping itself.
        tempo_bpm: Quarter notes a minute, at the beginning.
        meter: The only meter.
        end_tick: Where both tracks end, at the end of the last note or later, so that a DAW loops it right.
        channels: MIDI channel 1..16 of each voice.
        name: Of the music, as the DAW shows it.
        tempo_changes: Positions after the beginning, rising, and the tempo from there on.

    """
    conductor = mido.MidiTrack([
        mido.MetaMessage("track_name", name=name, time=0),
        mido.MetaMessage("set_tempo", tempo=tempo_microseconds(tempo_bpm), time=0),
        mido.MetaMessage("time_signature", numerator=meter.numerator, denominator=meter.denominator, time=0),
    ])  # fmt: skip
    written = 0
    for tick, tempo in tempo_changes:
        time = (tick - written) * _SCALE
        conductor.append(mido.MetaMessage("set_tempo", tempo=tempo_microseconds(tempo), time=time))
        written = tick
    conductor.append(mido.MetaMessage("end_of_track", time=max(0, end_tick - written) * _SCALE))
    file = mido.MidiFile(type=1, ticks_per_beat=RESOLUTION, charset="utf-8")
    parts = [[note for note in notes if note.voice == voice] for voice in range(len(channels))]
    tracks = [_note_track(part, end_tick, channel) for part, channel in zip(parts, channels, strict=True)]
    file.tracks += [conductor, *tracks]
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def _note_track(notes: Sequence[Note], end_tick: int, channel: int) -> mido.MidiTrack:
    track = mido.MidiTrack([mido.Message("program_change", program=0, channel=channel - 1, time=0)])
    written = 0
    for message in _messages(notes, channel):
        kind = "note_on" if message.kind is Kind.NOTE_ON else "note_off"
        time = (message.tick - written) * _SCALE
        track.append(mido.Message(kind, note=message.number, velocity=message.value, channel=channel - 1, time=time))
        written = message.tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, end_tick - written) * _SCALE))
    return track


def _messages(notes: Sequence[Note], channel: int) -> list[Message]:
    """Note messages in the order of a file: by tick, ends before starts."""
    starts = [Message(note.onset, Kind.NOTE_ON, channel, note.pitch, note.velocity) for note in notes]
    ends = [Message(note.end, Kind.NOTE_OFF, channel, note.pitch, 0) for note in notes]
    return sorted(starts + ends)
