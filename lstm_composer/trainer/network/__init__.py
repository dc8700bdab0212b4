"""The Keras network of preset `stream`: layers, step, checkpoints, weights, excerpts."""
