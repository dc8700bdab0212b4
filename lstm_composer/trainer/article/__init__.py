"""The article's two networks, presets `article` and `skuldur`: what everything else here is measured against."""
