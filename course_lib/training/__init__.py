"""The training loop for every network, its data, and a recipe for each network."""
