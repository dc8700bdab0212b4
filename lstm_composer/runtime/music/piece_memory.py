"""What a network with a memory is given beside its LSTM cells: the events of the piece so far, its clock, its key.

Only sizes and meanings stand here, for all three packages; the graph itself writes the memory, one event a step.
"""

from typing import Final

from lstm_composer.runtime.music.event_encoding import START
from lstm_composer.runtime.music.key_estimation import KEYS

EVENT_ROWS: Final = 4
"""Rows of the memory that hold the latest events of the piece, the newest first."""
MATCH_ROWS: Final = 2
"""Rows after those that hold how long the match with the present context is that ends at each of the events."""
MEMORY_ROWS: Final = EVENT_ROWS + MATCH_ROWS
NO_EVENT: Final = -1e6
"""Fills the rows of events where the piece has had none yet: earlier than all of them."""
NO_MATCH: Final = 0.0
"""Fills the rows of matches at the start of a piece."""
MOST_REMEMBERED: Final = 4096
"""Events; a network that remembers more would have to carry too much from note to note."""

CLOCK_START: Final = (-0.5, 0.0, float(START.pitch))
"""The clock before the first note: ticks since the piece's first bar line at the previous onset, bars since it, and
the pitch of the event before the previous one. The start of a piece lies half a tick before its first bar line, so that
it is not taken for a note on it."""
CLOCK_COUNTS: Final = len(CLOCK_START)

NO_KEY: Final = len(KEYS)
"""Says that the piece has no key, or none known; others are numbered as in `runtime.music.key_estimation.KEYS`."""

RECALL_LENGTHS: Final = (1, 2, 4, 8, 16)
"""Events of agreement with the past at which a wish to go on with it can be set; between them it changes evenly."""
RECALLS: Final = len(RECALL_LENGTHS) + 2
"""Wishes for what the piece's own past suggests, in nats: for going on after each of RECALL_LENGTHS, for beginning a
return, and against going round with one figure."""
AS_LEARNED: Final = (0.0,) * RECALLS
"""No wishes."""
DEFAULT_RECALL: Final = (*AS_LEARNED[:-1], 1.0)
"""A network that plays to itself is the surer of a figure the more often it has played it: that alone is met."""
