"""From files of music to a trained network: corpus, training set, network, training run."""

import os

# TensorFlow 2.21 with oneDNN corrupts its memory when two operations of a network enter oneDNN at once, batches of ever
# new shapes: about one training in fourteen died in its first steps on a busy machine. One operation at a time, each on
# all cores, has the same speed. TensorFlow reads this when it is loaded.
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
