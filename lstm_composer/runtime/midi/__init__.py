"""MIDI: messages, and files read and written."""
