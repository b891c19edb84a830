"""What the "Try it" page is made of; tests/browser tries it in a browser."""

import gzip
from base64 import b64decode

import pytest
import torch
from torch.nn.functional import conv2d, unfold

wasmtime = pytest.importorskip("wasmtime", reason="the page is built with wasmtime")
import tryit  # noqa: E402
from tryit_kernel import PANEL, kernel  # noqa: E402

from course_lib.painters.pipeline import TextToImage  # noqa: E402


class Kernel:
    """The program of the page, and its memory as numbers."""

    def __init__(self):
        store = wasmtime.Store()
        self.memory = wasmtime.Memory(
            store, wasmtime.MemoryType(wasmtime.Limits(8, None))
        )
        module = wasmtime.Module(store.engine, kernel())
        exports = wasmtime.Instance(store, module, [self.memory]).exports(store)
        self.product = lambda *given: exports["product"](store, *given)
        self.gather = lambda *given: exports["gather"](store, *given)
        self.store, self.used = store, 0

    def put(self, x: torch.Tensor) -> int:
        """Write numbers; return their address."""
        at = self.used
        self.memory.write(self.store, x.contiguous().numpy().tobytes(), at)
        self.used += 4 * x.numel()
        return at

    def get(self, at: int, *shape: int) -> torch.Tensor:
        size = 4 * torch.Size(shape).numel()
        stored = bytearray(self.memory.read(self.store, at, at + size))
        return torch.frombuffer(stored, dtype=torch.float32).reshape(shape)


def in_panels(b: torch.Tensor) -> torch.Tensor:
    """(inner, columns) in panels of 8 columns, as the product reads them."""
    return b.reshape(len(b), -1, PANEL).movedim(1, 0)


@pytest.mark.parametrize(("rows", "inner", "columns"), [(4, 1, 8), (12, 37, 24)])
@pytest.mark.parametrize("turned", [False, True])
def test_the_product_is_a_product_of_matrices(rows, inner, columns, turned):
    a, b = torch.randn(rows, inner), torch.randn(inner, columns)
    bias, program = torch.randn(rows), Kernel()
    # Attention reads the keys turned: the distances say which way is which.
    stored = program.put(a.T if turned else a)
    steps = (4, 4 * rows) if turned else (4 * inner, 4)
    panels, biases = program.put(in_panels(b)), program.put(bias)
    c = program.put(torch.zeros(rows, columns))
    sizes = (rows, inner, columns // PANEL)
    program.product(stored, *steps, panels, biases, c, 4 * columns, *sizes)
    wanted = a @ b + bias[:, None]
    torch.testing.assert_close(program.get(c, rows, columns), wanted)


def test_gathered_columns_times_weights_are_a_convolution():
    x, weight = torch.randn(1, 3, 6, 6), torch.randn(4, 3, 3, 3)
    program = Kernel()
    at = program.put(x)
    seen = [36 * c + 6 * y + x for c in range(3) for y in range(3) for x in range(3)]
    places = [6 * y + x for y in range(4) for x in range(4)]
    offsets = program.put(4 * torch.tensor(seen, dtype=torch.int32))
    columns = program.put(torch.zeros(2, 27, PANEL))
    for panel in range(2):
        own = torch.tensor(places[PANEL * panel : PANEL * (panel + 1)])
        first = program.put((at + 4 * own).to(torch.int32))
        program.gather(columns + panel * 4 * 27 * PANEL, first, offsets, 27)
    gathered = program.get(columns, 2, 27, PANEL).movedim(0, 1).flatten(1)
    assert (gathered == unfold(x, 3)[0]).all()
    by_torch = conv2d(x, weight)[0].flatten(1)
    torch.testing.assert_close(weight.flatten(1) @ gathered, by_torch)


def test_the_pieces_hold_every_weight_to_the_last_bit():
    tensors = {"a": torch.randn(70, 3).half(), "b": torch.randn(5).bfloat16()}
    stored = gzip.decompress(b64decode("".join(tryit.packed(tensors))))
    lower, upper = stored[: len(stored) // 2], stored[len(stored) // 2 :]
    pairs = bytes(byte for pair in zip(lower, upper, strict=True) for byte in pair)
    kept = torch.frombuffer(bytearray(pairs), dtype=torch.uint8)
    wanted = torch.cat([x.flatten().view(torch.uint8) for x in tensors.values()])
    assert (kept == wanted).all()


def test_weights_in_more_than_half_precision_are_refused():
    assert tryit.halved("x", torch.tensor([0.1]).half().float()).dtype == torch.float16
    assert tryit.halved("x", torch.tensor([1e-30]).bfloat16().float()).dtype == (
        torch.bfloat16
    )
    with pytest.raises(ValueError, match="not in half precision"):
        tryit.halved("x", torch.tensor([0.1]))


def test_a_painter_of_pixels_is_refused_in_a_sentence(words, here):
    painter = TextToImage.from_pretrained(tryit.SPACES["pixel"], as_typed=True)
    with pytest.raises(ValueError, match="give it weights with an autoencoder"):
        tryit.check(painter)
