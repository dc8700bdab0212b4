"""Export: a run directory and an epoch become a bundle, proven equal to the network it came from."""
