"""What a training leaves to read, to see and to hear."""
