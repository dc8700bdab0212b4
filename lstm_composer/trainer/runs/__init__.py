"""A run: its settings and its directory."""
