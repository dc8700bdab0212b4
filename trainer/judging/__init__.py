"""Judging what a network plays beside what people wrote: do its phrases return, does its key hold, can one tell it?"""
