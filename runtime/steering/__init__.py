"""Steering the music while it plays: what can be turned, by which words and which controllers."""
