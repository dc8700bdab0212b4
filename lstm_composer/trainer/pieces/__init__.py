"""A piece of music, and what can be said of it: bars, key, loudness, timing, its own past."""
