"""Where a network that draws from words begins: what it sees, and what it knows.

A text encoder that knows nothing is no help, so the U-Net learns to do without, and
nothing tells a word what it should mean (lesson 10). So it begins as one that knows.
"""

from pathlib import Path

from course_lib.checkpoint import load_network, load_weights
from course_lib.networks.contrastive import ImageTextPair
from course_lib.networks.listener import LISTENER
from course_lib.networks.text_unet import TextUNet
from course_lib.networks.tokenizer import Tokenizer, tokenizer_of
from course_lib.training.captions import caption_tokenizer
from course_lib.training.latents import encoder_of, in_space
from course_lib.training.resume import pictures_digest
from course_lib.world.datasets import batches, load_critters
from course_lib.world.endless import endless_batches

# Pictures or latents --------------------------------------------------------------


def fixed_critters(size: int, batch_size: int, seed: int, again: int, autoencoder):
    """Batches of 50,000 critters or their latents, and what the card says of both."""
    pictures = load_critters("train", size=size)
    learned, space = in_space(pictures, autoencoder)
    data = dict(data=pictures.name, data_sha256=pictures_digest(pictures))
    return batches(learned, batch_size, seed), space, data


def endless_critters(size: int, batch_size: int, seed: int, again: int, autoencoder):
    """The same of pictures without end, each seen `again` times."""
    encode, space = encoder_of(size, seed, autoencoder)
    get_learned = endless_batches(batch_size, size, seed, again, encode)
    return get_learned, space, dict(data="critters", again=again)


# Text encoders --------------------------------------------------------------------


def start_with(model: TextUNet, pair: ImageTextPair) -> None:
    """Let a network that draws begin with what a pair knows about texts, in place."""
    model.text_encoder.load_state_dict(pair.text_encoder.state_dict())
    # The gist is how a text is heard everywhere; the pair has such a layer, from the
    # mean of a text to one vector for the whole picture.
    model.unet.gist.turn.load_state_dict(pair.text_out.state_dict())


def tokens_of(listener: Path | str | None, manner: str) -> Tokenizer:
    """Those of a listener, who knows no others; else those of the course."""
    if listener is None:
        return caption_tokenizer(manner)
    return tokenizer_of(load_weights(listener)[1], listener)


def start_as_listener(model: TextUNet, listener: Path | str) -> None:
    """The same from one who was taught what texts ask for."""
    taught, _ = load_network(listener, *LISTENER)
    model.text_encoder.load_state_dict(taught.text_encoder.state_dict())
    model.unet.gist.turn.load_state_dict(taught.turn.state_dict())
