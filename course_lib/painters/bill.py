"""What training Stable Diffusion costs, on paper, from operations that can be counted.

    print("\\n".join(bill_lines(stable_diffusion_bill(), speed_of(draw))))

Every number below is either counted by torch on networks of the real size (beside.py),
or stands on the model's own card. What is assumed is said.
"""

from dataclasses import dataclass

import torch

from course_lib.networks.cost import core_seconds, gigaflops
from course_lib.painters.beside import FULL, TEXT, UNET, VAE, their_networks
from course_lib.painters.pipeline import TextToImage

# Iterations and side in pixels of each part of its training: the model's card on the
# hub, "Training", for v1-1, v1-2 and v1-5.
STAGES = ((237_000, 256), (194_000, 512), (515_000, 512), (595_000, 512))
BATCH = 2048  # 32 machines x 8 GPUs x 2 parts (accumulated) x 4 pictures
HOURS_ON_CARD = 150_000  # of an A100, "Hours used"
A100 = 312_000.0  # GFLOP a second at best, in bfloat16 (NVIDIA's data sheet)
# Forward once. Backward costs twice as much: a gradient for what came in, and one for
# the weights.
LEARNING = 3
YEAR = 365.25 * 24 * 3600


@dataclass(frozen=True)
class Bill:
    """The operations of a training on paper."""

    pictures: float  # looked at, each as often as it was seen
    gigaflops: float  # of the whole training

    def seconds(self, gigaflops_a_second: float) -> float:
        """How long one machine of this speed would take."""
        return self.gigaflops / gigaflops_a_second


def gigaflops_of_a_picture(side: int) -> dict[str, float]:
    """Operations for one training picture of Stable Diffusion 1.5, by box.

    The U-Net learns; text encoder and autoencoder are only asked.
    """
    with torch.device("meta"):
        networks = their_networks(FULL)
        text, unet, vae = (networks[name] for name in (TEXT, UNET, VAE))
        tokens = torch.zeros(1, 77, dtype=torch.int64)
        picture = torch.zeros(1, 3, side, side)
        z, t = torch.zeros(1, 4, side // 8, side // 8), torch.ones(1)
        text_emb = torch.zeros(1, 77, text.config.hidden_size)
        return {
            TEXT: gigaflops(lambda: text(tokens)),
            VAE: gigaflops(lambda: vae.encode(picture)),
            UNET: LEARNING * gigaflops(lambda: unet(z, t, text_emb)),
        }


def stable_diffusion_bill() -> Bill:
    """All stages of Stable Diffusion 1.5 together."""
    of_side = {side: gigaflops_of_a_picture(side) for side in {s for _, s in STAGES}}
    pictures = sum(BATCH * iterations for iterations, _ in STAGES)
    total = sum(
        BATCH * iterations * sum(of_side[side].values()) for iterations, side in STAGES
    )
    return Bill(pictures, total)


def our_bill(painter: TextToImage, iterations: int, batch_size: int) -> Bill:
    """A training of our own painter, counted in the same way."""
    x_t = torch.zeros(1, *painter.shape())
    t, tokens = torch.ones(1, dtype=torch.int64), torch.ones(1, painter.length).long()
    one = LEARNING * gigaflops(lambda: painter.model(x_t, t, tokens))
    pictures = iterations * batch_size
    return Bill(pictures, one * pictures)


def speed_of(painter: TextToImage, batch_size: int = 16) -> float:
    """GFLOP that one core does in a second, measured with this painter's U-Net."""
    x_t = torch.zeros(batch_size, *painter.shape())
    t = torch.ones(batch_size, dtype=torch.int64)
    text_emb = painter.read(["a frog on stilts"]).expand(batch_size, -1, -1)
    call = [painter.unet, x_t, t, text_emb]
    operations = gigaflops(lambda: call[0](*call[1:]))
    return operations / core_seconds(lambda: call[0](*call[1:]), times=3)


def bill_lines(theirs: Bill, speed: float, own: Bill | None = None) -> list[str]:
    """The bill in words.

    Args:
        speed: GFLOP a second of one of the learner's cores
        own: a training of ours, to compare with
    """
    hours = theirs.seconds(A100) / 3600
    lines = [
        f"pictures seen: {theirs.pictures / 1e9:.1f} billion",
        f"operations: {theirs.gigaflops / 1e12:.1f} x 10^21",
        f"on one core here ({speed:.0f} GFLOP a second): "
        f"{theirs.seconds(speed) / YEAR:,.0f} years",
        f"on one A100 at its best, with 16 bits: {hours:,.0f} hours; its card says "
        f"{HOURS_ON_CARD:,}",
    ]
    if own is not None:
        times = theirs.gigaflops / own.gigaflops
        lines.append(f"as much as {times:,.0f} trainings of our painter")
    return lines
