"""Notes, meters, keys and scales, and how notes are encoded for a network."""
