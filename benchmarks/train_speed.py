"""How fast are U-Nets of equal size? Training, sampling, and the machine's own limit.

    python benchmarks/train_speed.py            # two to three minutes; a quiet machine

All networks take turns, a few seconds each for several rounds, so that whatever else
the machine does affects all of them. A network's speed is the median of its rounds, at
the faster of float32 and bfloat16 autocast for it.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

import torch
import torch.nn.functional as F
from baselines import NO_SMALLDIFFUSION, has_smalldiffusion, networks
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from course_lib.device import cpu_has_bf16, usable_cores
from course_lib.judging.results import Found, add_save, save_results, script_command
from course_lib.networks.unet import count_parameters

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
CALLS = 50  # network calls for one picture


@dataclass
class Task:
    """Something to repeat, with `work` units each time."""

    network: str
    kind: str  # "train", "draw" or "peak"
    precision: str
    step: Callable[[], None]
    work: float  # pictures, or floating-point operations
    rates: list[float] = field(default_factory=list)  # work per second, one per round

    @property
    def rate(self) -> float:
        """The median round."""
        return median(self.rates)

    @property
    def best(self) -> float:
        """The fastest round."""
        return max(self.rates)

    def run(self, seconds: float, clock: Callable[[], float]) -> None:
        """One round: repeat the step until the time is over, at least once."""
        start, times = clock(), 0
        while not times or clock() - start < seconds:
            self.step()
            times += 1
        self.rates.append(times * self.work / (clock() - start))


def random_batch(n: int) -> tuple[torch.Tensor, ...]:
    """x_t (n, 3, 32, 32), t (n,), cond (n,) and a target like x_t, at random."""
    x_t = torch.randn(n, 3, 32, 32)
    t = torch.randint(1, 1001, (n,))
    return x_t, t, torch.ones_like(t), torch.randn_like(x_t)


def fast(precision: str) -> torch.autocast:
    """bfloat16 autocast, or a context that does nothing."""
    return torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16")


def training_task(name: str, model: nn.Module, precision: str, n: int) -> Task:
    """Forward, backward and AdamW on one batch."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
    x_t, t, cond, target = random_batch(n)

    def step() -> None:
        with fast(precision):
            loss = F.mse_loss(model(x_t, t, cond).float(), target)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return Task(name, "train", precision, step, work=n)


def drawing_task(name: str, model: nn.Module, precision: str, n: int) -> Task:
    """One network call of a sampler."""
    x_t, t, cond, _ = random_batch(n)

    @torch.inference_mode()
    def step() -> None:
        with fast(precision):
            model(x_t, t, cond)

    return Task(name, "draw", precision, step, work=n)


def peak_task(precision: str, width: int = 256, n: int = 8) -> Task:
    """A big 3x3 convolution, the fastest thing a U-Net could consist of."""
    dtype = PRECISIONS[precision]
    conv = nn.Conv2d(width, width, 3, padding=1).to(dtype)
    x = torch.randn(n, width, 32, 32, dtype=dtype)
    flop = 2 * 9 * width**2 * 32**2 * n

    @torch.inference_mode()
    def step() -> None:
        conv(x)

    return Task("conv", "peak", precision, step, work=flop)


def flop_a_picture(model: nn.Module) -> dict[str, float]:
    """Floating-point operations per picture: one call ("draw"), and a training step."""
    x_t, t, cond, target = random_batch(1)
    counts = {}
    with sdpa_kernel(SDPBackend.MATH):  # attention's fused kernel is not counted
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            model(x_t, t, cond)
        counts["draw"] = counter.get_total_flops()
        with FlopCounterMode(display=False) as counter:
            F.mse_loss(model(x_t, t, cond), target).backward()
        counts["train"] = counter.get_total_flops()
    model.zero_grad(set_to_none=True)
    return counts


def all_tasks(models: dict[str, nn.Module], batch: int, draw_batch: int) -> list[Task]:
    """The tasks: every network in every precision, and the convolution."""
    tasks = []
    for precision in list(PRECISIONS)[: 2 if cpu_has_bf16() else 1]:
        tasks.append(peak_task(precision))
        for name, model in models.items():
            tasks.append(training_task(name, model, precision, batch))
            tasks.append(drawing_task(name, model, precision, draw_batch))
    return tasks


def take_turns(tasks: list[Task], rounds: int, seconds: float, clock) -> None:
    """Run all tasks in turn, after each has run once to warm up."""
    for task in tasks:
        task.step()
    for number in range(rounds):
        for task in tasks:
            task.run(seconds if task.kind == "train" else seconds / 4, clock)
        print(f"round {number + 1} of {rounds} is done", flush=True)


def find(tasks: list[Task], network: str, kind: str, precision: str = "") -> Task:
    """The task of a network; the faster precision if none is named."""
    fitting = [t for t in tasks if (t.network, t.kind) == (network, kind)]
    fitting = [t for t in fitting if precision in ("", t.precision)]
    return max(fitting, key=lambda task: task.rate)


def fraction_of_peak(tasks: list[Task], task: Task, flop: dict[str, float]) -> float:
    """A task's speed as a fraction of the convolution's, at the same precision."""
    peak = find(tasks, "conv", "peak", task.precision)
    return task.rate * flop[task.kind] / peak.best


def print_table(tasks: list[Task], models: dict, flop: dict) -> Found:
    """Print a line for each network and precision; return the same as figures."""
    found: Found = {}
    print(
        "\n| network | parameters | GFLOP a call | precision | images/s: median "
        "| best | x diffusers | of the conv peak | drawing: ms a picture |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    )
    base = find(tasks, "diffusers", "train").rate
    for name, model in models.items():
        for precision in sorted({t.precision for t in tasks}, reverse=True):
            task = find(tasks, name, "train", precision)
            draw = find(tasks, name, "draw", precision)
            found[f"{name}, {precision}"] = {
                "images a second": task.rate,
                "best": task.best,
                "x diffusers": task.rate / base,
                "of the conv peak": fraction_of_peak(tasks, task, flop[name]),
                "ms a picture": 1000 * CALLS / draw.rate,
            }
            print(
                f"| {name} | {count_parameters(model) / 1e6:.2f} M "
                f"| {flop[name]['draw'] / 1e9:.2f} | {precision} | {task.rate:.1f} "
                f"| {task.best:.1f} | {task.rate / base:.2f} "
                f"| {fraction_of_peak(tasks, task, flop[name]):.2f} "
                f"| {1000 * CALLS / draw.rate:.0f} |"
            )
    print(f"\nDrawing: {CALLS} network calls a picture, in batches.")
    return found


def print_results(tasks: list[Task], models: dict, flop: dict) -> Found:
    """Print the lines name=value; ratios compare each network's best precision."""
    found: Found = {}
    speed = {name: find(tasks, name, "train") for name in models}
    draw = {name: find(tasks, name, "draw") for name in models}
    print()
    for task in (t for t in tasks if t.kind == "peak"):
        found[f"conv_peak_{task.precision}_gflops"] = task.best / 1e9
        print(f"conv_peak_{task.precision}_gflops={task.best / 1e9:.0f}")
    for name in list(models)[1:]:
        ratio = speed["ours"].rate / speed[name].rate
        print(f"speed_ratio_to_{name}={ratio:.2f}")
        faster = draw["ours"].rate / draw[name].rate
        print(f"sampling_ratio_to_{name}={faster:.2f}")
        found |= {f"speed_ratio_to_{name}": ratio, f"sampling_ratio_to_{name}": faster}
    fraction = fraction_of_peak(tasks, speed["ours"], flop["ours"])
    print(f"fraction_of_conv_peak={fraction:.3f}")
    return found | {"fraction_of_conv_peak": fraction}


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="a turn of training")
    parser.add_argument("--batch", type=int, default=64, help="pictures in training")
    parser.add_argument("--draw-batch", type=int, default=16)
    parser.add_argument(
        "--clock",
        choices=["wall", "cpu"],
        default="wall",
        help="cpu counts this process's time only: with one thread on a busy machine",
    )
    add_save(parser)
    return parser.parse_args(argv)


def clock_named(name: str) -> Callable[[], float]:
    """Seconds on the wall, or of work that this process's threads got done."""
    if name == "wall":
        return time.perf_counter
    return lambda: time.process_time() / torch.get_num_threads()


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    args = arguments(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    if not has_smalldiffusion():
        print(NO_SMALLDIFFUSION)
    models = networks(labels=10)
    flop = {name: flop_a_picture(model) for name, model in models.items()}
    tasks = all_tasks(models, args.batch, args.draw_batch)
    take_turns(tasks, args.rounds, args.seconds, clock_named(args.clock))
    found = print_table(tasks, models, flop)
    found |= print_results(tasks, models, flop)
    if args.save:
        why = "measures time, with networks that nothing has trained"
        save_results(args.save, found, script_command(argv), [], why_none=why)


if __name__ == "__main__":
    main()
