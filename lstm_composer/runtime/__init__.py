"""Everything that plays: from a bundle to a MIDI port, a piano of its own, a file or the panel's page."""
