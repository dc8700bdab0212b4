"""From positions to seconds: our own tempo, a MIDI clock, Ableton Link."""
