"""From a corpus to batches: split, encoded, padded."""
