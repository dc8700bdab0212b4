"""How notes come to be: several voices in one run of the network, music that returns, phrases that are taken up."""
