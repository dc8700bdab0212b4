"""Judging what a network plays beside what people wrote: measure by measure, and by a classifier."""
