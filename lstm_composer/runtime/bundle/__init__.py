"""The bundle: its card and its graph as files, and where bundles are found."""
