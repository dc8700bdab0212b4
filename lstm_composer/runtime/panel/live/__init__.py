"""Live: a `play` process of its own, started or found, and what it says brought to the page."""
