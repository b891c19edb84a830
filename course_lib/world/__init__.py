"""The embedded world: what a critter is, how it is drawn and said; and real photos."""
