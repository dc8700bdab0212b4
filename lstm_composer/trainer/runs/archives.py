"""Zip archives of numbers, such as checkpoints: nothing in one may be larger than it is on disk.

Keras and NumPy store what they write as it is. An archive with compressed members is none of theirs, and may unpack to
any size.
"""

import errno
import math
import os
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.foreign_files import opened_foreign

MOST_ARCHIVE_BYTES: Final = 4 << 30
_MOST_MEMBERS: Final = 10_000
_ENCRYPTED: Final = 1
_OF_THE_MACHINE: Final = (errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Errors of opening that say nothing of the file."""


class UnreadableError(InputError):
    """A file that cannot be opened at all, which says nothing of what is in it."""


@contextmanager
def opened_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive whose members are stored as they are, each once.

    Raises:
        UnreadableError: If the file cannot be opened, though it is there.
        InputError: If it is no such archive; both messages are reasons that follow the file's name.

    """
    with ExitStack() as opened:
        try:
            file = opened.enter_context(opened_foreign(path, MOST_ARCHIVE_BYTES))
        except InputError as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in _OF_THE_MACHINE:
                raise UnreadableError(str(error)) from error
            raise
        archive = opened.enter_context(zipfile.ZipFile(file))
        _check_members(archive.infolist(), os.fstat(file.fileno()).st_size)
        yield archive


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    names = {member.filename for member in members}
    if len(members) > _MOST_MEMBERS or len(names) != len(members):
        raise InputError("holds too many files, or two of one name")
    for member in members:
        plain = member.compress_type == zipfile.ZIP_STORED and not member.flag_bits & _ENCRYPTED
        if not plain or member.file_size != member.compress_size:
            raise InputError("holds compressed or encrypted files, which is not how this program writes them")
    if sum(member.file_size for member in members) > size:
        raise InputError("holds files that are larger together than it is itself")


def read_arrays(path: Path) -> dict[str, NDArray[np.float32]]:
    """Read an archive of float32 arrays, as `numpy.savez` writes it; nothing is unpickled.

    Raises:
        InputError: If it is none; the message is a reason that follows the file's name.

    """
    try:
        with opened_archive(path) as archive:
            return {name.removesuffix(".npy"): _array(archive.read(name)) for name in archive.namelist()}
    except InputError:
        raise
    except Exception as error:  # zipfile and NumPy raise a dozen kinds on damage
        raise InputError(f"cannot be read ({reason_of(error)})") from error


def _array(data: bytes) -> NDArray[np.float32]:
    file = BytesIO(data)
    version = npy_format.read_magic(file)
    header = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
    shape, _, dtype = header(file)
    if dtype != np.float32 or math.prod(shape) * dtype.itemsize != len(data) - file.tell():
        raise InputError("holds an array that is none of 32-bit numbers, or not of the size that it names")
    file.seek(0)
    array: NDArray[Any] = npy_format.read_array(file, allow_pickle=False)
    if not np.isfinite(array).all():
        raise InputError("holds numbers that are none (nan)")
    return array


def reason_of(error: Exception) -> str:
    """What an error of a library says, in a line of bearable length."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0] if len(lines[0]) <= 120 else f"{lines[0][:120]}..."
