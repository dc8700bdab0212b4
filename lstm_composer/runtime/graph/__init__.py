"""The graph of a bundle: what may be in it, what goes in and comes out, and its run, a note at a time."""
