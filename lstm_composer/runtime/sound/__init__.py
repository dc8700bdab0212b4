"""The piano that sounds: a SoundFont, the sampler that plays it, the sound card, and sound files."""
