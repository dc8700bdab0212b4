"""The command lines of `train`, `advise` and `evaluate`."""
