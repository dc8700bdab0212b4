"""Lines that come in on standard input: whatever comes, a line that will not do is refused and the next one heard."""

import select
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TextIO

from lstm_composer.runtime.errors import InputError
from lstm_composer.runtime.system.foreign_files import decode_text

MOST_BYTES: Final = 4096
"""Of a line; no command needs a tenth of that."""
_CHUNK_BYTES: Final = 1 << 16


def lines(chunks: Iterable[bytes], refuse: Callable[[str], None]) -> Iterator[str]:
    """Yield the lines in a stream of bytes, without their ends and without those that are blank.

    A line ends with LF, CR or both, the last one also where the stream does.

    Args:
        chunks: The stream, in pieces of any size.
        refuse: Told in a few words of a line that is not UTF-8 or longer than MOST_BYTES, which is then left out.

    """
    for line in _cut(chunks):
        if len(line) > MOST_BYTES:
            refuse(f"a line of more than {MOST_BYTES:,} bytes is not heard")
            continue
        try:
            text = decode_text(line)
        except InputError as error:
            refuse(f"a line {error}")
            continue
        if text.strip():
            yield text


def _cut(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines, of one that is too long only as much as shows that it is."""
    begun = b""
    for chunk in chunks:
        *whole, rest = chunk.replace(b"\r", b"\n").split(b"\n")
        for line in whole:
            yield begun + line[: MOST_BYTES + 1]
            begun = b""
        begun = (begun + rest[: MOST_BYTES + 1])[: MOST_BYTES + 1]
    yield begun


def chunks_of(stream: TextIO | None) -> Iterator[bytes]:
    """Yield what comes in on a stream, as soon as it does, until it ends or is taken away.

    Its own decoding and its buffer, which would be locked when Python ends, are passed by.
    """
    buffered = getattr(stream, "buffer", None)
    raw = getattr(buffered, "raw", buffered)
    if raw is None:
        return
    try:
        while (chunk := raw.read(_CHUNK_BYTES)) != b"":
            if chunk is not None:
                yield chunk
            else:  # whoever shares the stream has it not wait
                select.select([raw], [], [])
    except (OSError, ValueError):  # the terminal, or the stream itself, has been closed
        return
