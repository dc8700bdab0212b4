"""Texts of others: as names, on the terminal, in Markdown."""
