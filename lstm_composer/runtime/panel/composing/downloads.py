"""A piece as a file to take away."""

import re
import shutil
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import quote

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from lstm_composer.runtime.music.notes import Meter
from lstm_composer.runtime.panel.composing.pieces import Piece, PieceInfo, notes_of

_NOT_IN_NAMES: Final = re.compile(r"[^\w .,+-]+")
_LONGEST_STEM: Final = 80


def midi_file(piece: Piece) -> Response:
    """Return the piece as a MIDI file, as `lstm-composer write` writes it."""
    return Response(_midi_bytes(piece), media_type="audio/midi", headers=as_file(piece.info, ".mid"))


def wave_file(piece: Piece) -> Response:
    """Return the sound of the piece.

    Raises:
        MissingError: If there is no space to make it in.

    """
    from lstm_composer.runtime.sound.render import render  # noqa: PLC0415 - the piano is loaded where it sounds only

    folder = Path(tempfile.mkdtemp(prefix="lstm-composer-"))
    try:
        path = folder / "piece.wav"
        render(_midi_bytes(piece), path)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    removal = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(path, media_type="audio/wav", headers=as_file(piece.info, ".wav"), background=removal)


def title_of(info: PieceInfo) -> str:
    """Return what a piece is called where it needs a name: its own, or its style and seed."""
    return info.name or f"{info.style}, seed {info.request.seed}"


def file_name(info: PieceInfo, suffix: str) -> str:
    """Return what a file of the piece is called: its name, or style and seed, without what systems do not allow."""
    stem = _NOT_IN_NAMES.sub("", title_of(info))[:_LONGEST_STEM].strip(" .")
    return f"{stem or 'piece'}{suffix}"


def _midi_bytes(piece: Piece) -> bytes:
    from lstm_composer.runtime.midi.writer import midi_bytes  # noqa: PLC0415 - mido is loaded where a file is written only

    return midi_bytes(
        notes_of(piece),
        tempo_bpm=piece.info.tempo_bpm,
        meter=Meter.parse(piece.info.meter),
        end_tick=piece.info.end_tick,
        name=piece.info.style,
    )


def as_file(info: PieceInfo, suffix: str) -> dict[str, str]:
    """Return the headers by which a browser keeps an answer as a file."""
    return {"content-disposition": f"attachment; filename*=utf-8''{quote(file_name(info, suffix))}"}
