"""Pixels to Prompts: the parts of a text-to-image model, one subject per file.

Import from the files (`from course_lib.networks.unet import UNet`); nothing is loaded
before you ask for it.
"""
