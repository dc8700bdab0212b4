"""Music as a score: staves, voices, written values and spellings made of notes; as MusicXML, and engraved."""

from typing import Final, Literal, get_args

Notation = Literal["played", "readable"]
NOTATIONS: Final[tuple[Notation, ...]] = get_args(Notation)
"""Lengths exactly as they were played, or as a musician would write them."""
