"""From files of music to a trained network: corpus, training set, network, training run."""
