"""Your own style: music is taken in, a training is started and found again, heard, and made a bundle.

Trainings are processes of their own, `lstm-composer train` and its like, which go on when the panel ends. What they do
is read from the files of their run directories; nothing of `trainer` or `export` is imported.
"""
