"""Measures of music, from its notes alone: repetition, copies, likeness, returns, keys, chords."""
