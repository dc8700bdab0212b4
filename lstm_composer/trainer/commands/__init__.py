"""What the commands `train`, `advise` and `evaluate` do."""
