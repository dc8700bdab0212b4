"""Sound files: .wav by the standard library; .flac and .ogg where the package soundfile is installed."""

import wave
from collections.abc import Iterable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.sound.sampler import RATE, Sound
from lstm_composer.runtime.system.atomic_files import write_atomically
from lstm_composer.runtime.system.installation import how_to_install

_BY_SOUNDFILE: Final = {".flac": ("FLAC", "PCM_16"), ".ogg": ("OGG", "VORBIS")}
SUFFIXES: Final = (".wav", *_BY_SOUNDFILE)
"""What the name of a sound file ends in."""
_OTHERS: Final = (".mp3", ".m4a", ".aac", ".aif", ".aiff", ".wma", ".opus", ".wave")
"""Files that a user may ask for, and that would be MIDI files under a wrong name."""
_FULL_SCALE: Final = 32767


def is_sound_file(path: Path) -> bool:
    """Tell by its name whether a file is to hold sound.

    Raises:
        InputError: If it is to hold something that is not written.

    """
    suffix = path.suffix.casefold()
    if suffix in _OTHERS:
        raise InputError(f"{path}: {suffix} files are not written; name a file that ends in {', '.join(SUFFIXES)}")
    return suffix in SUFFIXES


def check_sound_file(path: Path) -> None:
    """Find out before the music is made whether a sound file of this kind can be written.

    Raises:
        InputError: If its name ends in none of SUFFIXES.
        MissingError: If it needs soundfile, and that is not installed.

    """
    if not is_sound_file(path):
        raise InputError(f"{path}: name a file that ends in {', '.join(SUFFIXES)}")
    if path.suffix.casefold() in _BY_SOUNDFILE:
        _soundfile(path)


def write_sound(path: Path, blocks: Iterable[Sound]) -> None:
    """Write a sound file, 16 bits a frame and channel; the file appears whole or not at all.

    Raises:
        MissingError: If it cannot be written.

    """
    write = _write_wave if path.suffix.casefold() == ".wav" else partial(_write_by_soundfile, path.suffix.casefold())
    write_atomically(path, lambda part: write(part, blocks), cure="make room, or name another place")


def _write_wave(path: Path, blocks: Iterable[Sound]) -> None:
    with path.open("wb") as raw, wave.open(raw, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for block in blocks:
            file.writeframesraw((block * _FULL_SCALE).round().astype("<i2").tobytes())


def _write_by_soundfile(suffix: str, path: Path, blocks: Iterable[Sound]) -> None:
    kind, encoding = _BY_SOUNDFILE[suffix]
    soundfile = _soundfile(path)
    try:
        with soundfile.SoundFile(path, "w", RATE, 2, encoding, format=kind) as file:
            for block in blocks:
                file.write((block * _FULL_SCALE).round().astype(np.int16))
    except soundfile.SoundFileError as error:  # it does not say what the system said: no space, most often
        raise OSError(str(error).rstrip(".")) from error


def _soundfile(path: Path) -> Any:
    try:
        return import_module("soundfile")
    except (ImportError, OSError) as error:
        install = how_to_install("soundfile")
        raise MissingError(f"{path}: for {path.suffix} files run {install}, or name a .wav file") from error
