"""What the clouds and the pull bring an autoencoder of pictures: four equal ones.

    OMP_NUM_THREADS=1 python benchmarks/pull_on_and_off.py --iterations 600

The small autoencoder of notebook 11 is trained four times from the same seed on the
same pictures: on mu alone; on a random point of each cloud without a pull; with the
weight of the course's autoencoder; and with a weight a thousand times as large. Then
fresh critters go there and back, once from mu, and once from mu with noise added, as a
network that draws latents might miss it.

psnr        of mu, decoded
psnr_off    the same with noise of a tenth of the spread of all mu added
cloud       how wide a cloud is, on average, where the spread of all mu is 1
"""

import argparse

import torch
from torch import Tensor

from course_lib.device import use_all_cores
from course_lib.judging.results import (
    Found,
    add_save,
    mean_of,
    plain,
    save_results,
    script_command,
)
from course_lib.networks.autoencoder import (
    Autoencoder,
    make_autoencoder_loss,
    psnr,
    with_cloud_noise,
)
from course_lib.networks.contrastive import Matcher
from course_lib.world.datasets import batches, load_critters

ROWS = {  # title, whether a random point is decoded in training, the weight of the pull
    "point": ("mu alone", False, 0.0),
    "cloud": ("a cloud, no pull", True, 0.0),
    "recipe": ("a cloud and a weight of 0.00001", True, 1e-5),
    "strong": ("a cloud and a weight of 0.01", True, 1e-2),
}
OFF = 0.1  # of the spread of all mu


def trained(cloud: bool, kl_weight: float, iterations: int) -> Autoencoder:
    """The training of notebook 11, with or without a cloud and a pull."""
    torch.manual_seed(0)
    model = Autoencoder(widths=(32, 64))
    get_batch = with_cloud_noise(batches(load_critters("train"), 16), model, seed=0)
    features = Matcher.from_pretrained("pair").model.image_encoder.features
    loss_fn = make_autoencoder_loss(kl_weight, features)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for iteration in range(1, iterations + 1):
        batch = get_batch(iteration)
        # Where eps is 0, the point that is decoded is mu.
        loss_fn(model, batch | {"eps": cloud * batch["eps"]}).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


@torch.no_grad()
def measured(model: Autoencoder, x_0: Tensor) -> Found:
    """How well pictures come back, also from latents that are slightly off."""
    mu, logvar = model.encode(x_0)
    eps = torch.randn(mu.shape, generator=torch.Generator().manual_seed(99))
    return {
        "psnr": mean_of(psnr(x_0, model.decode(mu))),
        "psnr_off": mean_of(psnr(x_0, model.decode(mu + OFF * mu.std() * eps))),
        "cloud": ((logvar / 2).exp().mean() / mu.std()).item(),
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=600)
    parser.add_argument("--n", type=int, default=500)
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    x_0 = load_critters("test")[torch.arange(options.n)][0]
    found = {}
    print("| trained on | PSNR in dB | of mu, a tenth off | width of a cloud |")
    print("| --- | --- | --- | --- |")
    for name, (title, *how) in ROWS.items():
        row = measured(trained(*how, options.iterations), x_0)
        told = [f"{plain(value):.2f}" for value in row.values()]
        print(f"| {title} | " + " | ".join(told) + " |", flush=True)
        found |= {f"{key}_{name}": value for key, value in row.items()}
    # Nothing ever learned from these logvar: they are what a new encoder says.
    del found["cloud_point"]
    for name, value in found.items():
        print(f"{name}={plain(value):.4f}")
    if options.save:
        command, why = script_command(arguments), "trains its autoencoders itself"
        save_results(options.save, found, command, [], why_none=why)


if __name__ == "__main__":
    main()
