"""Noise and back again: schedules, targets, samplers, guidance, editing.

It knows nothing of words, of critters, or of how a network is built.
"""
