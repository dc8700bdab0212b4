"""What the command line asks for, as values that the rest of the program passes on."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from lstm_composer.runtime.midi.systems import Backend
from lstm_composer.runtime.music.notes import Meter

Device = Literal["auto", "cpu", "cuda"]
"""What a network can run on; "auto" is CUDA where it works."""
Sync = Literal["auto", "internal", "midi", "link"]
"""Who sets the time: our own tempo until a MIDI clock comes, our own, a MIDI clock alone, an Ableton Link session."""
Mode = Literal["continue", "answer"]
"""How we play together with somebody: we go on from what is played, or answer it in turns."""
Listen = Literal["off", Mode]
"""What becomes of notes that come in."""
LARGEST_SEED: Final = 2**63 - 1
MOST_SECTION_BARS: Final = 64
_DRAWN_BITS: Final = 32


def drawn_seed() -> int:
    """Draw a seed for music that has been given none; short enough to be typed again."""
    return secrets.randbits(_DRAWN_BITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class MusicSettings:
    """What music to make; None leaves a value to the bundle.

    Attributes:
        style: Name of a style, or a mix such as bach:0.7,ragtime:0.3.
        seed: 0..LARGEST_SEED; the same seed and settings give the same music.
        tempo_bpm: Quarter notes a minute.
        meter: The meter to make it in.
        bars: Bars after which it ends; None: not of itself.
        temperature: For all heads.
        min_p: Leaves out what is unlikelier than this share of the likeliest.
        style_strength: 1 as learned, more for more of the style.
        channel: MIDI channel 1..16.
        device: What the network runs on.
        models_dirs: Folders that are searched for bundles before all others.
        voices: Style and channel 1..16 of each of several players; empty for one, in `style` on `channel`.
        form: Letters of sections, such as AABA; a letter that returns brings its music back.
        section_bars: Bars in a section.
        ending: Whether the last bar is a chord on the tonic.
        primer: A MIDI file whose music is continued.
        lead_in: Bars of silence before the first one.
        initial_commands: Command lines that are applied before the music starts.

    """

    style: str
    seed: int
    tempo_bpm: float | None = None
    meter: Meter | None = None
    bars: int | None = None
    temperature: float | None = None
    min_p: float | None = None
    style_strength: float | None = None
    channel: int = 1
    device: Device = "auto"
    models_dirs: tuple[Path, ...] = ()
    voices: tuple[tuple[str, int], ...] = ()
    form: str | None = None
    section_bars: int = 8
    ending: bool = False
    primer: Path | None = None
    lead_in: int = 0
    initial_commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaySettings:
    """How and where to play it.

    Attributes:
        music: What.
        sync: Who sets the time.
        port_name: What other programs shall call the port.
        connect: Part of the name of a port of another program that the music goes to; None: others connect to ours.
        port_per_voice: Whether each of several voices has a port of its own.
        backend: The MIDI system that the port is on.
        clock_out: Whether others are given a MIDI clock; needs a tempo of our own.
        latency_ms: How much earlier than its time each note is sent, or later if negative.
        listen: What becomes of notes that come in.
        answer_bars: Bars of each turn, with "answer".
        stdin: Whether commands are read from standard input.
        osc: UDP port at which commands are heard by OSC, as PORT or HOST:PORT.
        map: TOML file that says which controller turns which parameter.
        take: MIDI file that keeps what was played.
        events: File with one JSON line per message sent.
        sound: Whether it sounds here; None: where there is no MIDI system to play into.
        audio_device: Part of the name of the audio device that sounds; None for the system's default.
        soundfont: SoundFont file that sounds, by the program fluidsynth, instead of the piano that ships.

    """

    music: MusicSettings
    sync: Sync = "auto"
    port_name: str = "LSTM Composer"
    connect: str | None = None
    port_per_voice: bool = False
    backend: Backend = "auto"
    clock_out: bool = False
    latency_ms: float = 0.0
    listen: Listen = "off"
    answer_bars: int = 2
    stdin: bool = False
    osc: str | None = None
    map: Path | None = None
    take: Path | None = None
    events: Path | None = None
    sound: bool | None = None
    audio_device: str | None = None
    soundfont: Path | None = None
