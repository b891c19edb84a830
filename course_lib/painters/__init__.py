"""Trained networks, ready to draw: the whole system behind one call."""
