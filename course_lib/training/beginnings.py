"""The start of a text-to-image training: its data, and its pretrained text encoder.

A random text encoder is no help to the U-Net, so the U-Net learns to ignore it, and
then no gradient teaches a word its meaning (lesson 10). So the text encoder starts
pretrained.
"""

from pathlib import Path

from course_lib.checkpoint import load_network, load_weights
from course_lib.networks.contrastive import ImageTextPair
from course_lib.networks.listener import LISTENER
from course_lib.networks.text_unet import TEXT_UNET, TextUNet
from course_lib.networks.tokenizer import Tokenizer, tokenizer_of
from course_lib.training.captions import caption_tokenizer
from course_lib.training.latents import encoder_of, in_space
from course_lib.training.resume import pictures_digest
from course_lib.world.datasets import batches, load_critters
from course_lib.world.endless import endless_batches

# Pictures or latents --------------------------------------------------------------


def fixed_critters(size: int, batch_size: int, seed: int, again: int, autoencoder):
    """Batches of 50,000 fixed critters, or of their latents.

    `again` is unused: the function takes the arguments of `endless_critters`.

    Returns:
        the batches, and two parts of the card: about the latent space, about the data
    """
    pictures = load_critters("train", size=size)
    learned, space = in_space(pictures, autoencoder)
    data = dict(data=pictures.name, data_sha256=pictures_digest(pictures))
    return batches(learned, batch_size, seed), space, data


def endless_critters(size: int, batch_size: int, seed: int, again: int, autoencoder):
    """`fixed_critters` for pictures without end, each seen `again` times."""
    encode, space = encoder_of(size, seed, autoencoder)
    get_learned = endless_batches(batch_size, size, seed, again, encode)
    return get_learned, space, dict(data="critters", again=again)


# Text encoders --------------------------------------------------------------------


def start_with(model: TextUNet, pair: ImageTextPair) -> None:
    """Initialise the text layers of a TextUNet from an image-text pair, in place."""
    model.text_encoder.load_state_dict(pair.text_encoder.state_dict())
    # The gist is the pooled text vector, fed to every block of the U-Net. The pair has
    # the same layer, from the mean of the tokens to one vector for the whole text.
    model.unet.gist.turn.load_state_dict(pair.text_out.state_dict())


def words_of(
    start: Path | str | None, listener: Path | str | None, manner: str | None
) -> tuple[Tokenizer, str]:
    """The tokenizer and the manner of the captions of a painter's training.

    Args:
        start: trained weights, which know their own tokens and no other; in their
            manner they go on, unless another is named
        manner: None is that of `start`, else "plain"
    """
    if start is None:
        manner = manner or "plain"
        return tokens_of(listener, manner), manner
    _, card = load_network(start, *TEXT_UNET)
    return tokenizer_of(card, start), manner or card.get("manner", "plain")


def tokens_of(listener: Path | str | None, manner: str) -> Tokenizer:
    """The tokenizer of a listener, which knows no other; else that of the course."""
    if listener is None:
        return caption_tokenizer(manner)
    return tokenizer_of(load_weights(listener)[1], listener)


def start_as_listener(model: TextUNet, listener: Path | str) -> None:
    """Initialise the text layers of a TextUNet from a trained Listener, in place."""
    taught, _ = load_network(listener, *LISTENER)
    model.text_encoder.load_state_dict(taught.text_encoder.state_dict())
    model.unet.gist.turn.load_state_dict(taught.turn.state_dict())
