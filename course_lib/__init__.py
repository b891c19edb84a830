"""Pixels to Prompts: the parts of a text-to-image model, in rooms, one subject a file.

Import from the files (`from course_lib.networks.unet import UNet`); nothing is loaded
before you ask for it.
"""
