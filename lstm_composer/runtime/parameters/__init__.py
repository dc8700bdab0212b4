"""What can be set while the music plays, and by which words, controllers and OSC messages."""
