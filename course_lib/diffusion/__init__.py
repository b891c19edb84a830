"""Noise and back again: schedules, targets, samplers, guidance, editing.

Nothing here knows about words, critters, or how a network is built.
"""
