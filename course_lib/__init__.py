"""Pixels to Prompts: the parts of a text-to-image model, one subject a file.

Import from the files (`from course_lib.schedule import add_noise`); nothing is loaded
before you ask for it.
"""
