"""How many critters are drawn in a second, at 32x32 and at 64x64, with two threads.

    python benchmarks/draw_critters.py

Wall-clock time on a quiet machine; the goals are 8,000 and 2,500 pictures a second. On
a busy machine look at the pictures per second of processor time instead.
"""

import argparse
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "2")

import torch  # noqa: E402  the number of threads comes first

from course_lib.judging.results import (  # noqa: E402
    add_save,
    save_results,
    script_command,
)
from course_lib.world.drawing import draw_critters  # noqa: E402

REPEATS = 5


def measure(n: int, size: int) -> tuple[float, float]:
    """The best of a few runs: pictures per second, and per processor-second."""
    draw_critters(512, seed=0, size=size)  # warm up
    wall, processor = [], []
    for _ in range(REPEATS):
        start, busy = time.perf_counter(), time.process_time()
        draw_critters(n, seed=0, size=size)
        wall.append(time.perf_counter() - start)
        processor.append(time.process_time() - busy)
    return n / min(wall), n / min(processor)


def main(arguments: list[str] | None = None) -> None:
    """Measure both sizes and close with one line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_save(parser)
    options = parser.parse_args(arguments)
    torch.set_num_threads(2)
    speed = {}
    for n, size in ((8192, 32), (4096, 64)):
        speed[size], per_processor = measure(n, size)
        print(f"{size}x{size}: {per_processor:.0f} pictures per processor-second")
    for size, pictures_per_s in speed.items():
        print(f"pictures_per_s_{size}={pictures_per_s:.0f}")
    if options.save:
        found, why = {"pictures_per_s": speed}, "measures time: nothing is trained"
        command = script_command(arguments)
        save_results(options.save, found, command, [], why_none=why)


if __name__ == "__main__":
    main()
