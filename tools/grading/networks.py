"""What an exercise is given besides numbers: schedules, generators, small networks.

Both sides make them from JSON, by a name in this file: a network's class, its sizes and
its weights. Functions cannot travel, so the networks that are no more than a formula
are classes here.
"""

import base64

import torch
from torch import Tensor, nn

from course_lib.diffusion.objective import predictor
from course_lib.diffusion.schedule import NoiseSchedule
from course_lib.networks.autoencoder import Autoencoder
from course_lib.networks.layers import ResidualBlock
from grading.plain import DTYPES, from_plain, to_plain


class Bent(nn.Module):
    """A bent function of x_t that hears t: tanh(by_x * x_t) + by_t * t."""

    def __init__(self, by_x: float, by_t: float, inside: bool = False):
        super().__init__()
        self.settings = {"by_x": by_x, "by_t": by_t, "inside": inside}
        self.weight = nn.Parameter(torch.ones(()))
        self.asked: list[tuple[Tensor, Tensor]] = []

    def __deepcopy__(self, memo):
        return self  # a copy would take its notes of what it was asked with it

    def forward(self, x_t: Tensor, t: Tensor, cond=None) -> Tensor:
        """x_t of any shape (B, ...) and t (B,)."""
        if not isinstance(t, Tensor) or t.shape != (len(x_t),):
            raise ValueError("the network wants one t each, of shape (B,)")
        by_x, by_t, inside = self.settings.values()
        self.asked.append((x_t.detach().clone(), t.detach().clone()))
        told = by_t * t.reshape(-1, *[1] * (x_t.ndim - 1))
        if inside:
            return torch.tanh(self.weight * by_x * x_t + told)
        return self.weight * (torch.tanh(by_x * x_t) + told)


class Waves(nn.Module):
    """A velocity that goes beyond [-1, 1], another for each channel."""

    def __init__(self, channels: int, T: int):
        super().__init__()
        self.settings = {"channels": channels, "T": T}
        self.pull = nn.Parameter(torch.zeros(channels, 1, 1), requires_grad=False)

    def forward(self, x_t: Tensor, t: Tensor, cond=None) -> Tensor:
        told = (t / self.settings["T"]).reshape(-1, 1, 1, 1)
        return 2 * torch.sin(1.5 * x_t + self.pull) + told


class Predict:
    """What samplers ask: of a velocity, both guesses."""

    def __init__(self, model: Waves, schedule: NoiseSchedule):
        self.model, self.schedule = model, schedule

    def __call__(self, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        if not isinstance(t, Tensor) or t.shape != (len(x_t),):
            raise ValueError(
                "predict wants one t a picture, torch.full((len(z_t),), t)"
            )
        return predictor(self.model, self.schedule, "v")(x_t, t)


class Hearing(nn.Module):
    """Logits of the next token, from all tokens so far and their order.

    Args:
        words: tokens in the vocabulary
        width: of what it keeps in mind
    """

    def __init__(self, words: int, width: int):
        super().__init__()
        self.settings = {"words": words, "width": width}
        for name, rows in (("word", words), ("mix", width), ("out", words)):
            self.register_buffer(name, torch.zeros(rows, width))

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens so far (B, i) to logits (B, words)."""
        if tokens.is_floating_point():
            raise ValueError("the network wants whole numbers, also if there are none")
        heard = torch.ones(len(tokens), self.settings["width"])
        for i in range(tokens.shape[1]):
            heard = (heard @ self.mix + self.word[tokens[:, i]]).tanh()
        return 0.8 * heard @ self.out.T


class Jumping(nn.Module):
    """A velocity that hears the step and how far it must lead."""

    settings: dict = {}

    def forward(self, x_t: Tensor, t: Tensor, jump: Tensor) -> Tensor:
        """x_t (B, 2); t and jump (B,), whole numbers."""
        for told in (t, jump):
            if not isinstance(told, Tensor) or told.shape != (len(x_t),):
                raise ValueError("the network wants one t and one jump each, (B,)")
            if told.is_floating_point():
                raise ValueError("the network wants whole numbers for t and jump")
        bent = torch.sin(1.3 * x_t + t[:, None] / 300)
        return bent + jump[:, None] / 500 * torch.cos(x_t)


class Looking(nn.Module):
    """An attention that hears the order of what it is given."""

    def __init__(self, channels: int):
        super().__init__()
        self.settings = {"channels": channels}

    def forward(self, courses: Tensor) -> Tensor:
        """(N, F, channels) to the same."""
        C = self.settings["channels"]
        if courses.ndim != 3 or courses.shape[2] != C:
            raise ValueError("attend wants sequences (N, F, C), the channels last")
        when = torch.arange(courses.shape[1]) / 3
        order = torch.sin(when - when[:, None])
        scores = courses @ courses.transpose(1, 2) / C + order
        return scores.softmax(-1) @ courses


KINDS = (Bent, Waves, Hearing, Jumping, Looking, ResidualBlock, Autoencoder)
NETWORKS = {kind.__name__: kind for kind in KINDS}


def _settings(network: nn.Module) -> dict:
    """With what arguments this network was made."""
    if isinstance(network, ResidualBlock):
        linear = network.scale_and_shift
        return {"width": linear.out_features // 2, "vec_width": linear.in_features}
    if isinstance(network, Autoencoder):
        return dict(network.config)
    return network.settings


def pack(value) -> object:
    """A question's argument as JSON."""
    if isinstance(value, nn.Module):
        weights = {name: packed_tensor(w) for name, w in value.state_dict().items()}
        asks = [p.requires_grad for p in value.parameters()]
        return {
            "network": type(value).__name__,
            "settings": _settings(value),
            "weights": weights,
            "learns": any(asks),
            "trains": value.training,
        }
    if isinstance(value, torch.Generator):
        return {"generator": value.get_state().tolist()}
    if isinstance(value, NoiseSchedule):
        tables = [value.a_table, value.b_table, value.a_dot_table, value.b_dot_table]
        return {"schedule": value.name, "tables": [packed_tensor(t) for t in tables]}
    if isinstance(value, Predict):
        return {"predict": [pack(value.model), pack(value.schedule)]}
    return packed_tensor(value) if isinstance(value, Tensor) else to_plain(value)


def packed_tensor(value: Tensor) -> dict:
    """A tensor of ours: on the way in nobody need read the numbers, so bytes do."""
    numbers = value.detach().contiguous().numpy().tobytes()
    plain = to_plain(value.new_zeros(0))
    return {
        "raw": base64.b64encode(numbers).decode(),
        "shape": list(value.shape),
        "dtype": plain["dtype"],
    }


def unpack(packed) -> object:
    """The argument that `pack` wrote; only for JSON that we wrote ourselves."""
    if not isinstance(packed, dict):
        return from_plain(packed)
    if "raw" in packed:
        numbers = bytearray(base64.b64decode(packed["raw"]))
        if not numbers:
            return torch.zeros(packed["shape"], dtype=DTYPES[packed["dtype"]])
        flat = torch.frombuffer(numbers, dtype=DTYPES[packed["dtype"]])
        return flat.reshape(packed["shape"])
    if "network" in packed:
        network = NETWORKS[packed["network"]](**packed["settings"])
        weights = {name: unpack(w) for name, w in packed["weights"].items()}
        network.load_state_dict(weights)
        return network.requires_grad_(packed["learns"]).train(packed["trains"])
    if "generator" in packed:
        generator = torch.Generator()
        generator.set_state(torch.tensor(packed["generator"], dtype=torch.uint8))
        return generator
    if "schedule" in packed:
        tables = [unpack(table) for table in packed["tables"]]
        return NoiseSchedule(packed["schedule"], *tables)
    if "predict" in packed:
        return Predict(*map(unpack, packed["predict"]))
    return from_plain(packed)
