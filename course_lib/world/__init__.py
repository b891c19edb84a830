"""The world of critters: how they are chosen, drawn and described; and real photos."""
