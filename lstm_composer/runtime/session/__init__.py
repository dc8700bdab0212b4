"""One performance put together: what `play` and `write` run."""
