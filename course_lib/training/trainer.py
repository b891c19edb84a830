"""The training loop: one for every network of the course.

It sees a network, a function `loss_fn(model, batch) -> scalar` and a function
`get_batch(iteration) -> dict of tensors`, and knows nothing of diffusion. A batch
depends on the iteration number alone, and so does everything else that happens in an
iteration; a training that was killed therefore carries on to the same weights, bit for
bit on the same CPU, as if nothing had happened.

    trainer = Trainer(model, loss_fn, get_batch, Settings(iterations=1000))
    for progress in trainer.run():
        print(progress.iteration, progress.loss)
"""

import copy
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from filelock import FileLock
from torch import Tensor, nn

from course_lib.checkpoint import fill
from course_lib.device import best_device, cpu_has_bf16, set_threads
from course_lib.shown import printable, progress_bar
from course_lib.training.bounds import integer
from course_lib.training.muon import Muon, in_groups
from course_lib.training.resume import (
    DTYPES,
    STOPS,
    answered_by,
    as_json,
    check_tensors,
    interrupts_wait,
    part,
    put_back,
    read_state,
    refuse_another,
    save_aside,
    save_state,
    state_of,
    stopped_by_any,
    take,
)
from course_lib.training.settings import Settings
from course_lib.typed import expanded

# Seconds, not iterations: what may be lost is time, and an iteration takes as long as
# the network and the machine make it.
SAVE_EVERY_S = 60


@dataclass(frozen=True)
class Progress:
    """What a training says after each iteration."""

    iteration: int  # how many are done
    loss: float
    images_per_s: float
    seconds_left: float


@dataclass
class Trainer:
    """Trains `model`; `ema` holds the averaged weights, the ones to use.

    Args:
        folder: where to save; None saves nothing
        resume: carry on from what lies in `folder`; from the start if nothing does
        card: what to write on the card besides the settings
        device: "cpu" keeps off a GPU that is there; None takes the best
        until: the iteration to stop after for now; None is the last of the settings
    """

    model: nn.Module
    loss_fn: Callable[[nn.Module, dict[str, Tensor]], Tensor]
    get_batch: Callable[[int], dict[str, Tensor]]
    settings: Settings
    folder: Path | str | None = None
    resume: bool = False
    card: dict = field(default_factory=dict)
    device: str | None = None
    until: int | None = None

    def __post_init__(self):
        device = self.device or best_device().type
        # accelerate, for one thing: the same loop on a GPU, or on several. bfloat16 is
        # switched on in `loss_of`, since only a trial tells whether it is faster here.
        self.accelerator = Accelerator(cpu=device == "cpu")
        self.device = self.accelerator.device
        # Before the optimizer is made: it holds the very tensors that it is to change.
        # `model` may be wrapped later (`prepare`), and then has other names.
        self.raw_model = self.model.to(self.device).train()
        self.names, groups = in_groups(
            self.raw_model, self.settings.muon, self.settings.gently
        )
        self.optimizer = Muon(
            groups,
            lr=self.settings.learning_rate,
            # 0.999 would average squared gradients over 1,000 iterations, a seventh of
            # a training here; 0.99 over 100.
            betas=(0.9, 0.99),
            weight_decay=self.settings.weight_decay,
            # One pass over memory. On a CPU it costs nothing beside the network, where
            # the foreach form is the slowest of the three (measured). MPS is left to
            # itself.
            fused=self.device.type in ("cpu", "cuda"),
        )
        self.iteration, self.losses, self.batch_size = 0, [], 0
        # Sums are split among threads, and a float sum depends on where: the same
        # weights after a resume need the same number.
        self.threads = torch.get_num_threads()
        # A dict and not a second module: what it is for is to be saved, and drawn with
        # now and then.
        self.ema = {n: x.clone() for n, x in self.raw_model.state_dict().items()}
        self.precision, self.lock = self.settings.precision, None
        if self.folder is not None:
            self.folder = Path(expanded(str(self.folder)))
            self.lock = FileLock(self.folder / ".training.lock")
        if self.until is not None:
            self.until = integer("until", self.until)
        try:
            # In this order: the folder is ours before it is read, and weights are
            # loaded before the network is wrapped. Whatever fails, the lock is let go.
            self.refuse_processes()
            self.take_folder()
            self.load()
            self.model = self.accelerator.prepare(self.raw_model)
            if self.precision == "auto":
                self.precision = self.faster_precision()
            self.optimizer.dtype = DTYPES[self.precision]
        except BaseException:
            self.close()
            raise

    # One iteration ------------------------------------------------------------

    @property
    def last(self) -> int:
        """The iteration after which it stops."""
        return min(self.settings.iterations, self.until or self.settings.iterations)

    def run(self) -> Iterator[Progress]:
        """Train to the last iteration; what was done is saved however this ends."""
        # Of several processes: a signal only notes a wish, and all of them look at it
        # together after the iteration (`stop_together`).
        wishes = []
        # One process that stopped alone would leave the others waiting for its share.
        together = STOPS if self.accelerator.num_processes > 1 else ()
        with answered_by(lambda number, frame: wishes.append(number), together):
            yield from self.iterations(wishes)

    def iterations(self, wishes: list[int]) -> Iterator[Progress]:
        """One after the other, until somebody wishes to stop."""
        set_threads(self.threads)
        # A second `run` of the same trainer comes here after `close`.
        self.take_folder()
        if self.iteration == 0:
            self.save()  # a full disk is noticed now and not in an hour
        started, first = time.monotonic(), self.iteration
        saved, is_whole = started, True
        try:
            while self.iteration < self.last:
                is_whole = False
                # Ctrl-C in the middle of a step would leave half of the weights a step
                # ahead, and no later save would tell.
                with interrupts_wait():
                    self.losses.append(self.one_iteration())
                    self.iteration += 1
                    is_whole = True
                    if self.iteration in self.settings.keep:
                        self.keep_weights()
                    now = time.monotonic()
                    if now - saved > SAVE_EVERY_S:
                        self.save()
                        saved = now
                self.stop_together(wishes)
                # Over all of this run: a mean over the last few would jump with every
                # other program.
                speed = (self.iteration - first) / max(now - started, 1e-6)
                left = (self.last - self.iteration) / speed
                images_per_s = speed * self.batch_size
                yield Progress(self.iteration, self.losses[-1], images_per_s, left)
        finally:
            try:
                if is_whole:  # half an iteration is nothing to carry on from
                    with interrupts_wait():
                        self.save()
            finally:
                self.close()

    def stop_together(self, wishes: list[int]) -> None:
        """Stop every process after this iteration if one of several was asked to."""
        if self.accelerator.num_processes > 1:
            wish = torch.tensor(len(wishes), device=self.device)
            if self.accelerator.reduce(wish, "sum").item():
                raise KeyboardInterrupt

    @torch.inference_mode(False)  # wherever it is called: what learns needs gradients
    @torch.enable_grad()
    def one_iteration(self) -> float:
        """Look at one batch, change the weights a little, update the average."""
        for group in self.optimizer.param_groups:
            rate = self.settings.learning_rate_at(self.iteration)
            group["lr"] = group["pace"] * rate
        batch = self.get_batch(self.iteration)
        self.batch_size = len(next(iter(batch.values())))
        loss = self.loss_of(batch)
        self.accelerator.backward(loss)
        length = self.accelerator.clip_grad_norm_(
            self.model.parameters(), self.settings.clip
        )
        mean_loss = self.accelerator.reduce(loss.detach(), "mean").item()
        self.refuse_to_go_astray(mean_loss, float(length))
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.update_ema()
        return mean_loss

    def loss_of(self, batch: dict[str, Tensor]) -> Tensor:
        """The loss, its convolutions and matrices in the chosen precision.

        Of n processes each sees its share of the pictures, and the mean over processes
        is the loss of the batch wherever that is a mean over pictures. So a larger
        share counts for more, and who gets none looks at a picture that counts nothing.
        """
        # Every process makes the whole batch, from the iteration alone, and takes its
        # part: no data travels, and one process or four see the same pictures.
        rank, processes = self.accelerator.process_index, self.accelerator.num_processes
        pictures = len(next(iter(batch.values())))
        # Every n-th, so that shares differ by one picture at most.
        mine = slice(rank, None, processes) if rank < pictures else slice(1)
        counts = len(range(rank, pictures, processes)) * processes / pictures
        share = {name: x[mine].to(self.device) for name, x in batch.items()}
        fast = self.precision == "bfloat16"
        # Convolutions and matrices in bfloat16 where that is faster (1.25 to 1.44 times
        # on CPUs that have it); weights and the loss stay in float32.
        with torch.autocast(self.device.type, torch.bfloat16, enabled=fast):
            return counts * self.loss_fn(self.model, share).float()

    def refuse_to_go_astray(self, loss: float, length: float) -> None:
        """Raise before the step that would make NaN of every weight.

        A finite loss may have a gradient that is none: sqrt(0) is 0, its slope is not.
        """
        # One look for both: a sum is finite only if both are. After the step it would
        # be too late, AdamW's moments keep a NaN for ever.
        if not math.isfinite(loss + length):
            of, it = ("loss", loss) if not math.isfinite(loss) else ("gradient", length)
            raise FloatingPointError(
                f"The {of} became {it} in iteration {self.iteration + 1}: "
                "a smaller learning rate may help. What was saved before is untouched."
            )

    @torch.no_grad()
    def update_ema(self) -> None:
        """Move the average a little towards the weights."""
        kept = self.settings.ema_at(self.iteration)
        state = self.raw_model.state_dict()
        # Whole numbers, as batch norm's count of batches, have no mean: the latest is
        # taken.
        floats = [n for n, x in state.items() if x.is_floating_point()]
        torch._foreach_lerp_(
            [self.ema[n] for n in floats], [state[n] for n in floats], 1 - kept
        )
        for name in state.keys() - set(floats):
            self.ema[name].copy_(state[name])

    @torch.inference_mode(False)
    @torch.enable_grad()
    def faster_precision(self, trials: int = 3) -> str:
        """Time a few batches in both precisions; nothing is learned from them."""
        # Where it is emulated, it is slower than float32: not worth a trial.
        has_bf16 = cpu_has_bf16() if self.device.type == "cpu" else True
        if not has_bf16 or self.device.type == "mps":
            return "float32"
        # The first batch again: `get_batch` depends on its number alone, so looking
        # changes nothing.
        batch = self.get_batch(0)
        buffers = [(b, b.clone()) for b in self.raw_model.buffers()]
        best = dict.fromkeys(("float32", "bfloat16"), math.inf)
        for _ in range(trials):
            # In turns, so that a neighbour on the machine slows both; and the least of
            # three, for whatever disturbs only ever adds.
            for self.precision in best:
                start = time.perf_counter()
                self.accelerator.backward(self.loss_of(batch))
                self.optimizer.zero_grad(set_to_none=True)
                if self.device.type == "cuda":
                    torch.cuda.synchronize()
                best[self.precision] = min(
                    best[self.precision], time.perf_counter() - start
                )
        for buffer, before in buffers:  # what batch norm has seen meanwhile
            buffer.copy_(before)
        # The first process decides: with other precisions the processes would drift
        # apart.
        return broadcast_object_list([min(best, key=best.get)])[0]

    # Saving -------------------------------------------------------------------

    def take_folder(self) -> None:
        """Make sure that nobody else trains into this folder."""
        if self.lock is not None and self.accelerator.is_main_process:
            take(self.folder, self.lock)

    def refuse_processes(self) -> None:
        """A batch that is looked at as a whole must not be shared out.

        A loss says so by an attribute `of_whole_batch`. And batch norm asks all of it
        for mean and spread: of a share, both are others.
        """
        norms = (nn.BatchNorm1d, nn.BatchNorm2d)
        as_a_whole = hasattr(self.loss_fn, "of_whole_batch") or any(
            isinstance(module, norms) for module in self.raw_model.modules()
        )
        if self.accelerator.num_processes > 1 and as_a_whole:
            raise ValueError(
                "What this training learns of a picture depends on the others of its "
                "batch, so it trains in one process: start it without torchrun."
            )

    def save(self) -> None:
        """Write the state, the one truth, and from it the weights for use."""
        # All processes have the same weights; one of them writes.
        if self.folder is not None and self.accelerator.is_main_process:
            state = state_of(
                *(self.raw_model, self.ema, self.optimizer, self.names, self.losses)
            )
            save_state(self.folder, state, self.full_card())

    def keep_weights(self) -> None:
        """Set today's averaged weights aside, for a series from early to late."""
        if self.folder is not None and self.accelerator.is_main_process:
            save_aside(self.folder, self.ema, self.full_card())

    def full_card(self) -> dict:
        """What was trained, how, and how far it is."""
        # A hundred numbers for a plot. The state keeps every loss.
        every = max(1, len(self.losses) // 100)
        groups = [self.losses[i : i + every] for i in range(0, len(self.losses), every)]
        facts = {
            "iteration": self.iteration,
            "precision": self.precision,
            "threads": self.threads,
            "processes": self.accelerator.num_processes,
            "device": self.device.type,
            "torch": torch.__version__,
            "settings": asdict(self.settings),
            "loss_curve": [round(sum(group) / len(group), 4) for group in groups],
        }
        return as_json(self.card | facts)

    def load(self) -> None:
        """Carry on from the state in the folder, if there is one."""
        found = read_state(self.folder, self.resume)
        if found is None:
            return
        tensors, then = found
        # Tuples of settings come back from JSON as lists, so both sides are compared as
        # JSON.
        refuse_another(self.folder, then, as_json(self.card | asdict(self.settings)))
        iteration = then["iteration"]
        network = (self.raw_model, self.optimizer, self.names)
        check_tensors(self.folder, tensors, *network, iteration)
        # A training that was done had its rate at 0, and now it rises once more: who
        # reads the card should know that it is not one of so many iterations.
        if iteration == then["settings"]["iterations"] < self.settings.iterations:
            self.card = self.card | {"carried_on_from": iteration}
        elif "carried_on_from" in then:
            self.card = self.card | {"carried_on_from": then["carried_on_from"]}
        fill(self.raw_model, part(tensors, "model.")).train()
        self.ema = {n: x.to(self.device) for n, x in part(tensors, "ema.").items()}
        put_back(self.optimizer, self.names, part(tensors, "optimizer."))
        self.losses = tensors["losses"].tolist()
        # As then, not as it would be chosen here: a faster precision is another
        # training.
        self.iteration, self.precision = iteration, then["precision"]
        self.threads = then["threads"]

    def close(self) -> None:
        if self.lock is not None:
            # However often it was taken: `run` takes it again.
            self.lock.release(force=True)

    def averaged_model(self) -> nn.Module:
        """A copy of the network with the averaged weights in it, ready for use."""
        return fill(copy.deepcopy(self.raw_model), self.ema)


def seconds_an_iteration(
    make: Callable[[Settings], Trainer], settings: Settings, iterations: int
) -> float:
    """Time 2 or more iterations of a throw-away training; the first one warms up."""
    trial = make(replace(settings, iterations=iterations, keep=()))
    # n ends have n - 1 times between them: the first iteration, in which caches are
    # filled, is in none.
    ends = [time.monotonic() for _ in trial.run()]
    return broadcast_object_list([(ends[-1] - ends[0]) / (iterations - 1)])[0]


def train(
    trainer: Trainer,
    on_sample: Callable[[nn.Module, int], None] | None = None,
    sample_every: int = 500,
) -> nn.Module:
    """Run a trainer to its end with a progress bar; stop it and lose nothing.

    Ctrl-C stops it, and so does what a machine sends before it ends a program (TERM),
    and a terminal that was closed (HUP).

    Args:
        on_sample: called with the network, averaged weights inside, and the iteration

    Returns:
        the network with the averaged weights in it
    """
    bar = progress_bar(
        total=trainer.last,
        initial=trainer.iteration,
        hidden=not trainer.accelerator.is_main_process,
        unit="batch",
    )
    try:
        with stopped_by_any():
            for progress in trainer.run():
                speed = f"{progress.images_per_s:.0f} images/s"
                # refresh=False: `update` draws the bar anyway, and at most ten times a
                # second.
                bar.set_postfix_str(f"loss {progress.loss:.4f}, {speed}", refresh=False)
                bar.update(1)
                if on_sample and progress.iteration % sample_every == 0:
                    on_sample(trainer.averaged_model(), progress.iteration)
    except KeyboardInterrupt:
        where = (
            f"saved in {trainer.folder}" if trainer.folder else "kept in the trainer"
        )
        # Not an error: who stopped it knows. The network comes back as it is.
        if trainer.accelerator.is_main_process:
            sentence = f"Stopped after {trainer.iteration} iterations, {where}: "
            bar.write(printable(f"{sentence}carry on later."))
    finally:
        bar.close()
        trainer.close()
    return trainer.averaged_model()
