"""From the network to endless notes, made ahead of time: voices, forms, loops, endings, primers."""
