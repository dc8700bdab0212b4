"""Following others' time, and giving ours: MIDI clock in and out, Ableton Link."""
