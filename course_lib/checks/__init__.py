"""Checks that teach: run the learner's own function and say in words what is off."""
