"""Files that are dropped into the page: streamed to the disk, whole or not there, under their base names alone."""

import hashlib
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from starlette.concurrency import run_in_threadpool

from lstm_composer.runtime.errors import InputError, MissingError
from lstm_composer.runtime.system.foreign_files import MEBIBYTE
from lstm_composer.runtime.system.visible_text import shortened, visible

KINDS: Final = (".mid", ".midi", ".kar", ".rmi", ".xml", ".musicxml", ".mxl", ".krn", ".abc")
"""Endings of the files that the trainer reads; a test holds them to its own table."""
MOST_FILES: Final = 2000
MOST_FILE_BYTES: Final = 32 * MEBIBYTE
MOST_BYTES: Final = 1024 * MEBIBYTE
_LONGEST_NAME_BYTES: Final = 200
_PART: Final = ".part-"
_MOST_TRIED: Final = 10_000


class MusicFile(msgspec.Struct, frozen=True):
    """A file that was taken in."""

    name: str
    bytes: int


def music_files(folder: Path) -> list[MusicFile]:
    """Return what was taken into a folder, in the order of names."""
    with suppress(OSError), os.scandir(folder) as entries:
        found = [MusicFile(entry.name, entry.stat().st_size) for entry in entries if not entry.name.startswith(".")]
        return sorted(found, key=lambda file: file.name)
    return []


def base_name(given: str) -> str:
    """Return what a file is called that was dropped under some name: never a path.

    Raises:
        InputError: If it cannot be taken in under it.

    """
    name = given.replace("\\", "/").rpartition("/")[2].strip()
    shown = shortened(visible(name), 80)
    if not name or name.startswith(".") or not name.isprintable() or len(name.encode()) > _LONGEST_NAME_BYTES:
        raise InputError(f"a file called '{shown}' cannot be taken in: give it a plain name, then drop it again")
    if not name.lower().endswith(KINDS):
        raise InputError(f"{shown} is left out: files that end in {', '.join(KINDS)} are read")
    return name


async def take_in(folder: Path, given: str, body: AsyncIterator[bytes]) -> MusicFile:
    """Write a file into a folder as its bytes come in.

    One that is there already, under the same name with the same bytes, is left as it is; where the bytes are others,
    the new one gets a number.

    Args:
        folder: Of the music, made if it is not there.
        given: What the page calls the file.
        body: Its bytes.

    Raises:
        InputError: If it cannot be called so, is too large or empty, or there are too many.
        OSError: If the disk is full, or the folder cannot be written to; nothing of it stays then.

    """
    name = base_name(given)
    part = await run_in_threadpool(_new_part, folder)
    try:
        digest = await _fill(part, name, body)
        return await run_in_threadpool(_put, part, folder / name, digest)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def remove(folder: Path, given: str) -> None:
    """Remove a file that was taken in.

    Raises:
        MissingError: If it cannot be removed.

    """
    try:
        (folder / base_name(given)).unlink(missing_ok=True)
    except OSError as error:
        raise MissingError(f"{given} cannot be removed ({error.strerror}): try again") from error


def remove_parts(folder: Path) -> None:
    """Remove what a panel has left that was killed while a file came in."""
    for part in folder.glob(f"{_PART}*"):
        with suppress(OSError):
            part.unlink()


def _new_part(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    there = music_files(folder)
    if len(there) >= MOST_FILES:
        raise InputError(f"{MOST_FILES:,} files are there already, which is as many as are taken: remove some")
    if sum(file.bytes for file in there) >= MOST_BYTES:
        raise InputError(f"{MOST_BYTES // MEBIBYTE:,} MiB are there already, which is as much as is taken: remove some")
    return folder / f"{_PART}{secrets.token_hex(8)}"


async def _fill(part: Path, name: str, body: AsyncIterator[bytes]) -> str:
    """Write what comes in; returns its SHA-256."""
    digest, size = hashlib.sha256(), 0
    file: BinaryIO = await run_in_threadpool(part.open, "xb")
    with file:
        async for block in body:
            size += len(block)
            if size > MOST_FILE_BYTES:
                raise InputError(f"{visible(name)} is too large: at most {MOST_FILE_BYTES // MEBIBYTE} MiB are taken")
            digest.update(block)
            await run_in_threadpool(file.write, block)
        await run_in_threadpool(file.flush)
    if not size:
        raise InputError(f"{visible(name)} is empty: there is nothing to learn in it")
    return digest.hexdigest()


def _put(part: Path, path: Path, digest: str) -> MusicFile:
    """Give a part its name, or the next one that is free."""
    for number in range(1, _MOST_TRIED):
        target = path if number == 1 else path.with_name(f"{path.stem} ({number}){path.suffix}")
        try:
            os.link(part, target)  # unlike a renaming, never in the place of another
        except FileExistsError:
            if _digest_of(target) != digest:
                continue
        except OSError:  # a file system without links
            part.replace(target)
        return MusicFile(target.name, target.stat().st_size)
    raise InputError(f"{visible(path.name)} is there too often: give the new one another name")


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
