"""Evaluation: how good are the pictures, and do they show what was asked for?"""
