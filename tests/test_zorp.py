"""The ten photos of Zorp that ship, and the additions that were trained on them."""

import torch

from course_lib.checkpoint import digest, load_weights
from course_lib.device import data_folder
from course_lib.training.mine import own_pictures
from course_lib.world.plush import plush_photos

ADDITIONS = ("zorp", "zorp-alone", "zorp-word", "zorp-word-fish")


def test_the_photos_are_those_that_the_plush_is_drawn_as():
    pictures, captions = plush_photos(seed=0, word="zorp")
    mine = own_pictures(data_folder() / "zorp", word="zorp")
    assert sorted(mine.captions) == sorted(captions)
    for drawn, caption in zip(pictures, captions, strict=True):
        same = [torch.equal(drawn, photo) for photo in mine.pictures]
        assert sum(same) == 1 and mine.captions[same.index(True)] == caption


def test_the_additions_learned_from_these_photos():
    mine = own_pictures(data_folder() / "zorp", word="zorp")
    for name in ADDITIONS:
        card = load_weights(name)[1]
        assert card["data_sha256"] == digest({"pictures": mine.pictures}), name
