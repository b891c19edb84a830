"""The cost of a call and a picture in pixels and in latents, counted and not timed.

    python benchmarks/latent_cost.py

The shipped network for latents, and two of its kind for 64x64 pixels: plain, and folded
as in lesson 04. The numbers are the same on every machine.
"""

import argparse
from pathlib import Path

import torch

from course_lib.judging.results import Found, add_save, save_results, script_command
from course_lib.networks.cost import gigaflops, mib_kept
from course_lib.networks.text_unet import TextUNet
from course_lib.painters.pipeline import TextToImage

CALLS, BATCH = 12, 64  # calls per picture, pictures per batch


def cost_of(weights: Path | str) -> Found:
    """GFLOPs of a call and of a picture, and the GiB that a training batch keeps."""
    draw = TextToImage.from_pretrained(weights)
    text, unet = draw.model.config["text"], draw.model.config["unet"]
    plain = unet | {"channels": 3, "fold": 1}
    told = torch.tensor([500]), draw.read(["a frog on stilts"])
    x_t, z_t = torch.zeros(1, 3, 64, 64), torch.zeros(1, *draw.shape())
    rows = {
        "plain": (TextUNet(text, plain).eval(), x_t),
        "folded": (TextUNet(text, plain | {"fold": 2}).eval(), x_t),
        "latent": (draw.model, z_t),
    }
    decoding = gigaflops(lambda: draw.autoencoder.decode(z_t))
    found: Found = {"decoder": decoding}
    for name, (model, noisy) in rows.items():
        call = gigaflops(lambda model=model, noisy=noisy: model(noisy, *told))
        decoded = decoding if name == "latent" else 0
        kept = BATCH * mib_kept(model, noisy, *told) / 2**10
        found[name] = dict(call=call, picture=CALLS * call + decoded, kept=kept)
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--weights", default="latent", help="a shipped name or a folder"
    )
    add_save(parser)
    options = parser.parse_args(arguments)
    found = cost_of(options.weights)
    print(
        "| at 64x64 | plain pixels | folded pixels | latents |\n" + "| --- " * 4 + "|"
    )
    words = {
        "call": "billions of operations a call",
        "picture": f"a picture of {CALLS} calls, decoder included",
        "kept": f"GiB kept for the gradients of a batch of {BATCH}",
    }
    for name, what in words.items():
        row = [f"{found[of][name]:.2f}" for of in ("plain", "folded", "latent")]
        print(f"| {what} | {' | '.join(row)} |")
    for of in ("plain", "folded"):
        print(f"{of}_ratio={found[of]['call'] / found['latent']['call']:.4f}")
    if options.save:
        command = script_command(arguments)
        save_results(
            options.save, found, command, [str(options.weights), "autoencoder"]
        )


if __name__ == "__main__":
    main()
