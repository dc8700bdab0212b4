"""Music as a score: staves, voices, written values and spellings made of notes; as MusicXML, and engraved."""
