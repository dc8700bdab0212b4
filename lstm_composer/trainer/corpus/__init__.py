"""From folders of music to a corpus of pieces: found, read in processes, cached."""
