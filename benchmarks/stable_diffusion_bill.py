"""What training Stable Diffusion 1.5 costs, counted on paper: nothing is timed.

    python benchmarks/stable_diffusion_bill.py

Operations are counted by torch on networks of the full size without weights; iterations
and batch stand on the model's card. The numbers are the same on every machine.
"""

import argparse

from course_lib.judging.results import Found, add_save, save_results, script_command
from course_lib.painters.beside import stable_diffusion_boxes
from course_lib.painters.bill import (
    A100,
    BATCH,
    HOURS_ON_CARD,
    STAGES,
    stable_diffusion_bill,
)


def counted() -> Found:
    """Sizes of the boxes, and the bill of the whole training."""
    bill = stable_diffusion_bill()
    found: Found = {
        "iterations": sum(iterations for iterations, _ in STAGES),
        "batch": BATCH,
        "pictures": bill.pictures,
        "operations": bill.gigaflops * 1e9,
        "hours_at_best": bill.seconds(A100) / 3600,
        "hours_on_card": HOURS_ON_CARD,
    }
    for box in stable_diffusion_boxes():
        key = box.name.replace(" ", "_").replace("-", "_").lower()
        found[key] = dict(parameters=box.parameters, gigaflops=box.gigaflops)
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_save(parser)
    options = parser.parse_args(arguments)
    found = counted()
    for name, value in found.items():
        print(f"{name}: {value}")
    if options.save:
        save_results(options.save, found, script_command(arguments), [])


if __name__ == "__main__":
    main()
