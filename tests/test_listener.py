"""A Listener learns what sentences ask for, and a painter can begin as one."""

from dataclasses import replace

import torch
from test_pipeline_text import make_painter

from course_lib.checkpoint import save_weights
from course_lib.networks.listener import Listener, listening_loss
from course_lib.networks.text_unet import TextUNet
from course_lib.training.beginnings import start_as_listener, tokens_of, words_of
from course_lib.training.captions import caption_tokenizer, text_settings
from course_lib.training.listening import (
    ANSWERS,
    answers_of,
    listener_trainer,
    sentences,
)
from course_lib.training.settings import Settings
from course_lib.world.critters import FACTORS, SUBJECTS

FACTORS_OF_A_FROG = dict.fromkeys(FACTORS, 1) | {"subject_2": 0, "colour_2": 0}


def test_what_nobody_said_is_an_answer_of_its_own():
    said = answers_of(FACTORS_OF_A_FROG, {"subject", "colour"})
    assert said["subject"] == said["colour"] == 1 and said["subject_2"] == 0
    assert said["scene"] == ANSWERS["scene"] - 1 == len(FACTORS["scene"])


def test_a_bare_word_asks_for_either_sense():
    of_a_club = FACTORS_OF_A_FROG | {"subject": SUBJECTS.index("club")}
    assert answers_of(of_a_club, {"either_sense"})["subject"] == len(SUBJECTS)


def test_every_answer_of_a_batch_is_one_of_those_there_are():
    batch = sentences(caption_tokenizer("plain"), 64, 0, "plain")(0)
    assert all(0 <= batch[n].min() <= batch[n].max() < ANSWERS[n] for n in FACTORS)
    assert not batch["open"][batch["subject_2"] == 0].any()


def test_where_the_order_is_open_either_way_is_right():
    torch.manual_seed(0)
    model = Listener(dict(vocabulary=9, length=4, width=16, blocks=1), ANSWERS)
    tokens, batch = (
        torch.tensor([[1, 5, 2, 0]]),
        {n: torch.ones(1).long() for n in FACTORS},
    )
    batch |= {"tokens": tokens, "open": torch.tensor([True])}
    batch |= {"subject": torch.tensor([2]), "subject_2": torch.tensor([3])}
    mirrored = batch | {"subject": torch.tensor([3]), "subject_2": torch.tensor([2])}
    assert listening_loss(model, batch) == listening_loss(model, mirrored)
    closed = {"open": torch.tensor([False])}
    both = [listening_loss(model, b | closed) for b in (batch, mirrored)]
    assert both[0] != both[1]


def test_it_learns_what_plain_captions_ask_for():
    settings = Settings(iterations=30, muon=True, learning_rate=3e-3, warmup=5)
    trainer = listener_trainer(settings, batch_size=64, manner="plain")
    list(trainer.run())
    trainer.close()
    assert trainer.losses[-1] < trainer.losses[0] / 2


def test_a_painter_begins_as_it(tmp_path):
    tokenizer = caption_tokenizer("plain")
    text = text_settings(tokenizer, "plain")
    torch.manual_seed(1)
    taught = Listener(text, ANSWERS)
    card = dict(kind="listener", config=taught.config, merges=tokenizer.merges)
    save_weights(tmp_path, taught.state_dict(), card)
    model = TextUNet(text, dict(widths=(8, 16), blocks=1))
    start_as_listener(model, tmp_path)
    begun, known = (m.text_encoder.token.weight for m in (model, taught))
    torch.testing.assert_close(begun, known, atol=1e-2, rtol=1e-2)  # kept as halves
    assert tokens_of(tmp_path, "spoken").merges == tokenizer.merges
    assert tokens_of(None, "plain").merges == tokenizer.merges


def test_a_painter_goes_on_with_its_own_words(tmp_path):
    painter = make_painter()
    replace(painter, card=painter.card | {"manner": "spoken"}).save_pretrained(tmp_path)
    tokenizer, manner = words_of(tmp_path, None, None)
    assert tokenizer.merges == painter.tokenizer.merges and manner == "spoken"
    assert words_of(tmp_path, None, "plain")[1] == "plain"
    tokenizer, manner = words_of(None, None, None)
    assert tokenizer.merges == caption_tokenizer("plain").merges and manner == "plain"
