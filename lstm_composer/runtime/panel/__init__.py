"""The panel: a page in the browser, served by this machine to its own user alone, for all that the program can do."""
