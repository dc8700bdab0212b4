"""How good a network is: NLL, gates, baselines, which epoch to take."""
