"""The ten photos of Zorp that ship, and the additions that were trained on them."""

import pytest
import torch

from course_lib.checkpoint import digest, load_weights
from course_lib.device import data_folder
from course_lib.training.mine import own_pictures
from course_lib.world.plush import bear_photos, plush_photos

ADDITIONS = {"zorp": ("zorp", "zorp-alone", "zorp-word"), "blim": ("blim",)}
DRAWN = {"zorp": plush_photos, "blim": bear_photos}


@pytest.mark.parametrize("word", DRAWN)
def test_the_photos_are_those_that_are_drawn(word):
    pictures, captions = DRAWN[word](seed=0, word=word)
    mine = own_pictures(data_folder() / word, word=word)
    assert sorted(mine.captions) == sorted(captions)
    for drawn, caption in zip(pictures, captions, strict=True):
        same = [torch.equal(drawn, photo) for photo in mine.pictures]
        assert sum(same) == 1 and mine.captions[same.index(True)] == caption


@pytest.mark.parametrize("word", DRAWN)
def test_the_additions_learned_from_these_photos(word):
    mine = own_pictures(data_folder() / word, word=word)
    for name in ADDITIONS[word]:
        card = load_weights(name)[1]
        assert card["data_sha256"] == digest({"pictures": mine.pictures}), name
