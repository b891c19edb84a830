"""The training loop: one for every network of the course.

It takes a network, a function `loss_fn(model, batch) -> scalar` and a function
`get_batch(iteration) -> dict of tensors`, and knows nothing of diffusion. Everything in
an iteration, its batch included, depends on the iteration number alone. So a training
that was killed resumes and reaches the same weights, bit for bit on the same CPU, as if
nothing had happened.

    trainer = Trainer(model, loss_fn, get_batch, Settings(iterations=1000))
    for progress in trainer.run():
        print(progress.iteration, progress.loss)
"""

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from functools import partial
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
    refuse_unusable,
    save_aside,
    save_state,
    state_of,
    stopped_by_any,
    take,
)
from course_lib.training.settings import Settings
from course_lib.training.shares import gathered, parts_of, refuse_to_share
from course_lib.typed import expanded

# Seconds, not iterations: a crash costs time, and the length of an iteration depends on
# the network and the machine.
SAVE_EVERY_S = 60


@dataclass(frozen=True)
class Progress:
    """The report of a training after each iteration."""

    iteration: int  # the number of iterations done
    loss: float
    images_per_s: float
    seconds_left: float


@dataclass
class Trainer:
    """Trains `model`; `ema` holds the averaged weights, the ones to use.

    Args:
        folder: where to save; None saves nothing
        resume: carry on from the state in `folder`; from the start if there is none
        card: entries for the card besides the settings
        device: "cpu" avoids a GPU; None takes the best device
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
        refuse_unusable(self.card)
        device = self.device or best_device().type
        # accelerate runs the same loop on a GPU, or on several. bfloat16 is switched on
        # in `loss_of`, since only a trial tells whether it is faster here.
        self.accelerator = Accelerator(cpu=device == "cpu")
        self.device = self.accelerator.device
        # Before the optimizer, which holds the very tensors that it changes. `model`
        # may be wrapped later (`prepare`) and then has other names.
        self.raw_model = self.model.to(self.device).train()
        self.names, groups = in_groups(
            self.raw_model, self.settings.muon, self.settings.gently
        )
        self.optimizer = Muon(
            groups,
            lr=self.settings.learning_rate,
            # 0.999 would average squared gradients over 1,000 iterations, a seventh of
            # a training here; 0.99 averages over 100.
            betas=(self.settings.momentum, 0.99),
            weight_decay=self.settings.weight_decay,
            # One pass over memory. On a CPU its cost is negligible, and foreach is the
            # slowest of the three implementations (measured). MPS uses its default.
            fused=self.device.type in ("cpu", "cuda"),
        )
        self.iteration, self.losses, self.batch_size = 0, [], 0
        # Threads split sums, and a float sum depends on the split: to reach the same
        # weights, a resumed training needs the same number of threads.
        self.threads = torch.get_num_threads()
        # A dict, not a second module: it is only saved, and sampled from now and then.
        self.ema = {n: x.clone() for n, x in self.raw_model.state_dict().items()}
        self.precision, self.lock = self.settings.precision, None
        if self.folder is not None:
            self.folder = Path(expanded(str(self.folder)))
            self.lock = FileLock(self.folder / ".training.lock")
        if self.until is not None:
            self.until = integer("until", self.until)
        try:
            # In this order: the folder is locked before it is read, and weights are
            # loaded before the network is wrapped. On any failure the lock is released.
            asked = (self.accelerator.num_processes, self.settings.accumulate)
            refuse_to_share(self.loss_fn, self.raw_model, *asked)
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
        """The iteration after which the training stops."""
        return min(self.settings.iterations, self.until or self.settings.iterations)

    def run(self) -> Iterator[Progress]:
        """Train to the last iteration; progress is saved however this ends."""
        # With several processes, a signal only records a wish to stop; all of them
        # check it together after the iteration (`stop_together`).
        wishes = []
        # A process that stopped alone would leave the others waiting for its share.
        together = STOPS if self.accelerator.num_processes > 1 else ()
        with answered_by(lambda number, frame: wishes.append(number), together):
            yield from self.iterations(wishes)

    def iterations(self, wishes: list[int]) -> Iterator[Progress]:
        """Run iterations until the last one, or until a process wishes to stop."""
        set_threads(self.threads)
        # A second `run` of the same trainer comes here after `close`.
        self.take_folder()
        if self.iteration == 0:
            self.save()  # to notice a full disk now, not in an hour
        started, first = time.monotonic(), self.iteration
        saved, is_whole = started, True
        try:
            while self.iteration < self.last:
                is_whole = False
                # Ctrl-C in the middle of a step would leave half of the weights a step
                # ahead, and nobody would ever know.
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
                # The mean over this run: a mean over a few iterations would jump
                # whenever another program runs.
                speed = (self.iteration - first) / max(now - started, 1e-6)
                left = (self.last - self.iteration) / speed
                images_per_s = speed * self.batch_size
                yield Progress(self.iteration, self.losses[-1], images_per_s, left)
        finally:
            try:
                if is_whole:  # nobody can resume from half an iteration
                    with interrupts_wait():
                        self.save()
            finally:
                self.close()

    def stop_together(self, wishes: list[int]) -> None:
        """Stop every process after this iteration if any was asked to stop."""
        if self.accelerator.num_processes > 1:
            wish = torch.tensor(len(wishes), device=self.device)
            if self.accelerator.reduce(wish, "sum").item():
                raise KeyboardInterrupt

    @torch.inference_mode(False)  # wherever it is called, training needs gradients
    @torch.enable_grad()
    def one_iteration(self) -> float:
        """Look at one batch, change the weights a little, update the average."""
        for group in self.optimizer.param_groups:
            rate = self.settings.learning_rate_at(self.iteration)
            group["lr"] = group["pace"] * rate
        batch = self.get_batch(self.iteration)
        self.batch_size = len(next(iter(batch.values())))
        loss = self.learn_from(batch)
        length = self.accelerator.clip_grad_norm_(
            self.model.parameters(), self.settings.clip
        )
        mean_loss = self.accelerator.reduce(loss, "mean").item()
        self.refuse_to_go_astray(mean_loss, float(length))
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.update_ema()
        return mean_loss

    def learn_from(self, batch: dict[str, Tensor]) -> Tensor:
        """Add up the gradient of this process's share of a batch, and its loss."""
        rank, processes = self.accelerator.process_index, self.accelerator.num_processes
        *early, last = parts_of(batch, rank, processes, self.settings.accumulate)
        loss = torch.zeros((), dtype=torch.float32, device=self.device)
        if hasattr(self.loss_fn, "gathers"):  # all of it is the loss of every process
            last = (1.0, last[1])
        for weight, part_of_it in (*early, last):
            # Processes exchange gradients once an iteration, after the last part.
            apart = self.accelerator.no_sync(self.model)
            with nullcontext() if part_of_it is last[1] else apart:
                part_loss = weight * self.loss_of(part_of_it, self.batch_size)
                self.accelerator.backward(part_loss)
            loss += part_loss.detach()
        return loss

    def loss_of(self, batch: dict[str, Tensor], pictures: int = 0) -> Tensor:
        """The loss of these pictures, in the chosen precision.

        Args:
            pictures: those of the whole batch, for a loss that compares all of them
        """
        share = {name: x.to(self.device) for name, x in batch.items()}
        more = ()
        if self.accelerator.num_processes > 1 and hasattr(self.loss_fn, "gathers"):
            more = (partial(gathered, pictures=pictures),)
        fast = self.precision == "bfloat16"
        # Convolutions and matrix products in bfloat16 if that is faster (1.25 to 1.44
        # times on CPUs that have it); weights and the loss stay in float32.
        with torch.autocast(self.device.type, torch.bfloat16, enabled=fast):
            return self.loss_fn(self.model, share, *more).float()

    def refuse_to_go_astray(self, loss: float, length: float) -> None:
        """Raise before a step that would turn every weight into NaN.

        A finite loss can have an infinite gradient: sqrt(0) is 0, its slope infinite.
        """
        # One check for both: the sum is finite only if both are. After the step it
        # would be too late: AdamW's moments keep a NaN for ever.
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
        # Integers, such as batch norm's count of batches, are copied, not averaged.
        floats = [n for n, x in state.items() if x.is_floating_point()]
        torch._foreach_lerp_(
            [self.ema[n] for n in floats], [state[n] for n in floats], 1 - kept
        )
        for name in state.keys() - set(floats):
            self.ema[name].copy_(state[name])

    @torch.inference_mode(False)
    @torch.enable_grad()
    def faster_precision(self, trials: int = 3) -> str:
        """Time a few batches in both precisions, without learning from them."""
        # Emulated bfloat16 is slower than float32: not worth a trial.
        has_bf16 = cpu_has_bf16() if self.device.type == "cpu" else True
        if not has_bf16 or self.device.type == "mps":
            return "float32"
        # `get_batch` depends on the iteration alone, so this changes nothing.
        batch = self.get_batch(0)
        self.batch_size = len(next(iter(batch.values())))
        buffers = [(b, b.clone()) for b in self.raw_model.buffers()]
        best = dict.fromkeys(("float32", "bfloat16"), math.inf)
        for _ in range(trials):
            # Alternating, so other programs slow down both. The minimum of three, since
            # disturbances only ever add time.
            for self.precision in best:
                start = time.perf_counter()
                self.learn_from(batch)
                self.optimizer.zero_grad(set_to_none=True)
                if self.device.type == "cuda":
                    torch.cuda.synchronize()
                best[self.precision] = min(
                    best[self.precision], time.perf_counter() - start
                )
        for buffer, before in buffers:  # undo what batch norm has seen
            buffer.copy_(before)
        # The first process decides: with different precisions, processes would diverge.
        return broadcast_object_list([min(best, key=best.get)])[0]

    # Saving -------------------------------------------------------------------

    def take_folder(self) -> None:
        """Lock the folder: no other training may write to it."""
        if self.lock is not None and self.accelerator.is_main_process:
            take(self.folder, self.lock)

    def save(self) -> None:
        """Write the complete state, and from it the weights for use."""
        # All processes have the same weights; one of them writes.
        if self.folder is not None and self.accelerator.is_main_process:
            state = state_of(
                *(self.raw_model, self.ema, self.optimizer, self.names, self.losses)
            )
            save_state(self.folder, state, self.full_card())

    def keep_weights(self) -> None:
        """Set the current averaged weights aside, for a series from early to late."""
        if self.folder is not None and self.accelerator.is_main_process:
            save_aside(self.folder, self.ema, self.full_card())

    def full_card(self) -> dict:
        """The card: what was trained, how, and how far it is."""
        # A hundred means for a plot; the state keeps every loss.
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
        # Compared as JSON, which turns the tuples of settings into lists.
        refuse_another(self.folder, then, as_json(self.card | asdict(self.settings)))
        iteration = then["iteration"]
        network = (self.raw_model, self.optimizer, self.names)
        check_tensors(self.folder, tensors, *network, iteration)
        # A finished training had its learning rate at 0, and now it rises again: the
        # card should say that this is not one training of so many iterations.
        if iteration == then["settings"]["iterations"] < self.settings.iterations:
            self.card = self.card | {"carried_on_from": iteration}
        elif "carried_on_from" in then:
            self.card = self.card | {"carried_on_from": then["carried_on_from"]}
        fill(self.raw_model, part(tensors, "model.")).train()
        self.ema = {n: x.to(self.device) for n, x in part(tensors, "ema.").items()}
        put_back(self.optimizer, self.names, part(tensors, "optimizer."))
        self.losses = tensors["losses"].tolist()
        # As before, not as chosen here: another precision is another training.
        self.iteration, self.precision = iteration, then["precision"]
        self.threads = then["threads"]

    def close(self) -> None:
        if self.lock is not None:
            # However often it was acquired: `run` acquires it again.
            self.lock.release(force=True)

    def averaged_model(self) -> nn.Module:
        """A copy of the network with the averaged weights in it, ready for use."""
        return fill(copy.deepcopy(self.raw_model), self.ema)


def seconds_an_iteration(
    make: Callable[[Settings], Trainer], settings: Settings, iterations: int
) -> float:
    """Seconds an iteration of a throw-away training takes; needs 2 or more of them."""
    trial = make(replace(settings, iterations=iterations, keep=()))
    # n end times have n - 1 gaps: the first iteration, which fills caches, is in none.
    ends = [time.monotonic() for _ in trial.run()]
    return broadcast_object_list([(ends[-1] - ends[0]) / (iterations - 1)])[0]


def train(
    trainer: Trainer,
    on_sample: Callable[[nn.Module, int], None] | None = None,
    sample_every: int = 500,
) -> nn.Module:
    """Run a trainer to its end with a progress bar; stop it at any time, lose nothing.

    Ctrl-C stops it. So do the signal that a machine sends before it ends a program
    (TERM) and the closing of the terminal (HUP).

    Args:
        on_sample: called with the network, averaged weights inside, and the iteration
        sample_every: iterations between two of these calls

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
                # refresh=False: `update` draws the bar, at most ten times a second.
                bar.set_postfix_str(f"loss {progress.loss:.4f}, {speed}", refresh=False)
                bar.update(1)
                if on_sample and progress.iteration % sample_every == 0:
                    on_sample(trainer.averaged_model(), progress.iteration)
    except KeyboardInterrupt:
        where = (
            f"saved in {trainer.folder}" if trainer.folder else "kept in the trainer"
        )
        # Not an error, since it was stopped on purpose: return the network as it is.
        if trainer.accelerator.is_main_process:
            sentence = f"Stopped after {trainer.iteration} iterations, {where}: "
            bar.write(printable(f"{sentence}carry on later."))
    finally:
        bar.close()
        trainer.close()
    return trainer.averaged_model()
