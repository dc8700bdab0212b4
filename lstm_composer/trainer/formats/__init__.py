"""Readers of files of music: MIDI, MusicXML, kern, the JSB chorales; ABC is in `abc`."""
