"""Compose: music of a style, made while it is looked at and heard, and kept."""
