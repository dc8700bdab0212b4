"""JACK's periods, as numbers: frame times that wrap, and periods that are too late to write into. Pure."""

from typing import Final

ANSWER_PERIODS: Final = 1.5
"""How long after its start a period may still be written; JACK waits for two, and the writing takes time too."""
MOST_GIVEN_UP: Final = 4
"""Periods given up in a row at most: a machine that is always late would play nothing."""


def signed_frames(later: int, earlier: int) -> int:
    """Return the frames from one frame time to another; JACK counts in 32 bits, which wrap once a day at 48 kHz."""
    return (later - earlier + 2**31) % 2**32 - 2**31


class PeriodWatch:
    """Tells which periods to give up, so that their messages go out in the next one.

    JACK goes on without a program that has not answered two periods after the start, and what that program still
    writes is lost: a note-off among it would leave a note on. A callback that comes so late sees either that its
    period started long ago, or, if JACK has gone on meanwhile, a start that is more than a period after the last.
    """

    def __init__(self, start: int) -> None:
        self._start = start
        self._given_up = 0

    def too_late(self, start: int, frames_since_start: int, frames: int) -> bool:
        """Take note of a period and tell whether to give it up; call it for every one.

        Args:
            start: Frame time at which it started.
            frames_since_start: Frames that have passed since then.
            frames: Its length.

        """
        skipped = signed_frames(start, self._start) > frames
        self._start = start
        late = skipped or frames_since_start > ANSWER_PERIODS * frames
        self._given_up = self._given_up + 1 if late else 0
        return 0 < self._given_up <= MOST_GIVEN_UP
