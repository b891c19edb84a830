"""What a card may say; and that nobody who writes an odd one gets more than a sentence.

Every card here is rightly signed: whoever sends a file can do that.
"""

import copy
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from course_lib import cards
from course_lib.cards import (
    CheckpointError,
    check_card,
    is_plain_name,
    needed_by,
    read_card,
)
from course_lib.checkpoint import load_network, load_weights, save_weights
from course_lib.commands.main import main
from course_lib.device import data_folder
from course_lib.diffusion.objective import TARGETS
from course_lib.diffusion.schedule import SCHEDULES
from course_lib.networks.autoencoder import (
    Autoencoder,
    encoder_digest,
    load_autoencoder,
)
from course_lib.networks.contrastive import ImageTextPair, Matcher
from course_lib.networks.inspector import FlawFinder, load_flaw_finder
from course_lib.networks.judge import Judge, load_judge
from course_lib.networks.reward import Reward, load_reward
from course_lib.networks.text_unet import TextUNet
from course_lib.networks.tokenizer import BYTES, train_tokenizer
from course_lib.networks.unet import UNet
from course_lib.painters.interpolation import crossfade, interpolate
from course_lib.painters.pipeline import LabelToImage, TextToImage
from course_lib.world.critters import MANNERS

LOADERS = {
    "denoiser": LabelToImage.from_pretrained,
    "text denoiser": TextToImage.from_pretrained,
    "latents": TextToImage.from_pretrained,
    "pair": Matcher.from_pretrained,
    "autoencoder": load_autoencoder,
    "judge": load_judge,
    "inspector": load_flaw_finder,
    "reward": load_reward,
}
ROOT = Path(__file__).resolve().parents[1]
HUGE = 10**400  # more than any float


@pytest.fixture(scope="module")
def kinds() -> dict[str, tuple]:
    """One small network of each kind, and its card."""
    torch.manual_seed(0)
    tokenizer = train_tokenizer(["a frog on stilts"] * 2, merges=20)
    merges = [list(pair) for pair in tokenizer.merges]
    text = dict(vocabulary=len(tokenizer), length=24, width=16, blocks=1)
    small = dict(widths=(8, 16), blocks=1)
    coder = Autoencoder((8, 8), z_channels=2).half().float()
    process = dict(schedule="straight line", T=100, target="v", size=32)
    space = dict(autoencoder="coder", encoder_sha256=encoder_digest(coder))
    own = {
        "denoiser": dict(labels=["nothing", "frog"]) | process,
        "text denoiser": dict(merges=merges) | process,
        "latents": dict(merges=merges, latent_scale=2.0) | space | process,
        "pair": dict(merges=merges),
        "autoencoder": {},
        "judge": dict(data="critters"),
        "inspector": dict(data="flaws", threshold=0.5),
        "reward": dict(size=16),
    }
    networks = {
        "denoiser": UNet(**small, labels=1),
        "text denoiser": TextUNet(text, small),
        "latents": TextUNet(text, small | dict(channels=2)),
        "pair": ImageTextPair(text, 32, (8, 8), 16),
        "autoencoder": coder,
        "judge": Judge({"subject": 12}, 32, (8, 8)),
        "inspector": FlawFinder({"grade": 3}, 32, (8, 8, 8)),
        "reward": Reward(16, (8, 8)),
    }
    found = {}
    for kind, network in networks.items():
        card = {"kind": kind.replace("latents", "text denoiser")} | own[kind]
        found[kind] = (network, card | {"config": network.config})
    return found


@pytest.fixture
def saved(kinds, tmp_path, monkeypatch):
    """Write the weights of a kind with a changed card; give their folder."""
    monkeypatch.setenv("COURSE_WEIGHTS", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)

    def save(kind: str, change=lambda card: card) -> Path:
        network, card = kinds[kind]
        card = change(copy.deepcopy(json.loads(json.dumps(card))))
        save_weights(tmp_path / "weights", network.state_dict(), card)
        coder, its_card = kinds["autoencoder"]
        save_weights(tmp_path / "weights" / "coder", coder.state_dict(), its_card)
        return tmp_path / "weights"

    return save


def put(place: str, value):
    """A change of a card: the value at a place like `config.unet.widths`."""

    def change(card: dict) -> dict:
        *inside, last = place.split(".")
        at = card
        for key in inside:
            at = at[key]
        at[last] = value
        return card

    return change


def peak() -> int:
    """The most memory that this process ever had, in MiB."""
    import resource  # not on Windows

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // (2**20 if sys.platform == "darwin" else 2**10)


# What is right ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", LOADERS)
def test_a_card_as_it_was_saved_is_accepted(saved, kind):
    LOADERS[kind](saved(kind))


def test_every_card_that_ships_is_accepted():
    shipped = list((data_folder() / "weights").rglob("card.json"))
    for file in shipped:
        card = read_card(file.read_text("utf-8"), file)
        check_card(card, file)
        assert needed_by(card) and set(needed_by(card)) <= card.keys()
    assert len(shipped) >= 10


def test_a_card_may_name_what_the_library_knows():
    assert set(cards.SCHEDULES) == set(SCHEDULES)
    assert set(cards.TARGETS) == set(TARGETS)
    assert cards.MANNERS == MANNERS


# What is not ------------------------------------------------------------------------


@pytest.mark.parametrize("card", [[], None, 7, "text", True])
def test_a_card_that_is_no_object_is_refused(saved, card):
    with pytest.raises(CheckpointError, match="is broken .*not a JSON object"):
        load_weights(saved("judge", lambda _: card))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000 + "]" * 100_000, "RecursionError, so it cannot be read"),
        ('{"a":' * 80 + "1" + "}" * 80, "its brackets are nested more than 64 deep"),
        ("[],[]," * 400_000, "it has 2400000 characters; the limit is 2097152"),
        ('{"T": 1' + "0" * 5000 + "}", "ValueError, so it cannot be read"),
        ("{", "JSONDecodeError, so it cannot be read"),
    ],
    ids=["brackets", "deep", "long", "huge number", "cut"],
)
def test_a_text_that_is_no_card_is_refused(text, words):
    with pytest.raises(CheckpointError, match=rf"card of x is broken \({words}\)"):
        read_card(text, "x")


@pytest.mark.parametrize(
    ("kind", "place", "value"),
    [
        ("denoiser", "T", "1000"),
        ("denoiser", "T", 0),
        ("denoiser", "T", 10**9),
        ("denoiser", "T", HUGE),
        ("denoiser", "size", True),
        ("denoiser", "size", 33),
        ("denoiser", "labels", None),
        ("denoiser", "labels", []),
        ("denoiser", "labels", ["nothing", 1]),
        ("denoiser", "labels", ["nothing", "frog", "one too many"]),
        ("denoiser", "iteration", -5),
        ("denoiser", "schedule", "__name__"),
        ("denoiser", "target", ["v"]),
        ("denoiser", "kind", ["denoiser"]),
        ("denoiser", "config", []),
        ("denoiser", "config.widths", [8, "16"]),
        ("denoiser", "config.blocks", 10**6),
        ("denoiser", "config.labels", 10**9),
        ("denoiser", "config.text_width", 16),
        ("text denoiser", "config.text.heads", 0),
        ("text denoiser", "config.text.heads", 3),
        ("text denoiser", "config.text.length", 4096),
        ("text denoiser", "config.unet.magic", 1),
        ("text denoiser", "config.text.length", 1),
        ("text denoiser", "config.text.positions", "yes"),
        ("text denoiser", "config.text", None),
        ("text denoiser", "config.unet.widths", [8, 18]),
        ("text denoiser", "merges", [[1, 2, 3]]),
        ("text denoiser", "merges", {"1": 2}),
        ("text denoiser", "manner", "sung"),
        ("latents", "latent_scale", HUGE),
        ("latents", "latent_scale", float("nan")),
        ("latents", "encoder_sha256", "x"),
        ("pair", "config.size", 3),
        ("pair", "config.width", 1.5),
        ("autoencoder", "config.blocks", -1),
        ("autoencoder", "config.decoder_blocks", None),
        ("judge", "config.answers", {"sub.ject": 12}),
        ("judge", "config.answers", {"subject": 0}),
        ("judge", "config.size", 1),
        ("judge", "config.magic", 1),
        ("inspector", "threshold", 1.5),
        ("inspector", "threshold", True),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_one_sentence(saved, kind, place, value):
    with pytest.raises(CheckpointError) as error:
        LOADERS[kind](saved(kind, put(place, value)))
    sentence = str(error.value)
    assert "The card of" in sentence and sentence.endswith("these weights again.")
    assert sentence.count("\n") == 0 and len(sentence) < 400


@pytest.mark.parametrize("kind", [None, "dream", "judge"])
@pytest.mark.parametrize(
    "command", ["export --weights weights new", "train text --start weights"]
)
def test_settings_that_nobody_looked_at_are_refused(saved, kind, command, capsys):
    """An encoder of a thousand million blocks, on a card of a kind that has none."""

    def change(card: dict) -> dict:
        encoder = card["config"]["text"] | {"blocks": 10**9}
        merges = {"merges": card["merges"], "config": {"text": encoder, "unet": 5}}
        return merges | ({} if kind is None else {"kind": kind})

    saved("pair", change)
    more = " --iterations 2 --out new" if "train" in command else ""
    assert main(shlex.split(command + more)) == 2
    assert "config.text is not a setting of this kind" in capsys.readouterr().err
    assert not Path("new").exists()


@pytest.mark.parametrize("kind", LOADERS)
def test_a_card_that_lacks_what_it_needs_is_refused(saved, kinds, kind):
    for key in needed_by(kinds[kind][1]):
        folder = saved(kind, lambda card, key=key: card.pop(key) and card)
        with pytest.raises(CheckpointError, match=f"another version.*'{key}'"):
            LOADERS[kind](folder)


def test_complex_weights_are_refused(saved, kinds):
    network, card = kinds["judge"]
    tensors = network.state_dict() | {"squeeze.bias": torch.zeros(192) * 1j}
    save_weights(folder := saved("judge"), tensors, card)
    with pytest.raises(CheckpointError, match=r"hold torch\.complex.* squeeze\.bias"):
        load_judge(folder)


# Paths ------------------------------------------------------------------------------

OUTSIDE = ("../mine", "..", ".", "", "a/b", "a\\b", "C:mine", ".hidden", "a\nb", " a")


def test_a_plain_name_stays_in_its_folder():
    assert is_plain_name("autoencoder") and is_plain_name("mein Kodierer-2.1")
    assert not any(map(is_plain_name, (*OUTSIDE, "/etc/x", "x" * 300, 7, None)))


@pytest.mark.parametrize("absolute", [False, True])
def test_a_card_that_names_a_path_reads_and_writes_nothing_outside(
    saved, kinds, tmp_path, absolute, capsys
):
    coder, its_card = kinds["autoencoder"]
    save_weights(tmp_path / "mine", coder.state_dict(), its_card | {"size": 64})
    before = (tmp_path / "mine" / "model.safetensors").read_bytes()
    outside = str(tmp_path / "mine") if absolute else "../mine"
    folder = saved("latents", put("autoencoder", outside))
    with pytest.raises(CheckpointError, match="is not the plain name of a folder"):
        TextToImage.from_pretrained(folder)
    assert main(shlex.split("average weights weights --out new")) == 2
    assert "is not the plain name of a folder" in capsys.readouterr().err
    painter = TextToImage.from_pretrained(saved("latents"))
    painter.card["autoencoder"] = outside
    with pytest.raises(CheckpointError, match="is not the plain name of a folder"):
        painter.save_pretrained(tmp_path / "new")
    assert (tmp_path / "mine" / "model.safetensors").read_bytes() == before
    assert not (tmp_path / "new").exists()


def test_a_card_that_names_a_neighbour_does_not_overwrite_it(saved, kinds, capsys):
    """`--out runs`, and the sender knew that runs/best is there."""
    coder, its_card = kinds["autoencoder"]
    folder = saved("latents", put("autoencoder", "best"))
    save_weights(folder / "best", coder.state_dict(), its_card)
    judge, of_judge = kinds["judge"]
    save_weights("runs/best", judge.state_dict(), of_judge)
    before = Path("runs/best/model.safetensors").read_bytes()
    assert main(shlex.split("average weights weights --out runs")) == 2
    assert "runs/best holds other weights" in capsys.readouterr().err
    with pytest.raises(CheckpointError, match="holds other weights"):
        TextToImage.from_pretrained(folder).save_pretrained("runs")
    assert Path("runs/best/model.safetensors").read_bytes() == before
    for _ in range(2):  # its own it may write again
        assert main(shlex.split("average weights weights --out mean")) == 0


# Memory -----------------------------------------------------------------------------

no_windows = pytest.mark.skipif(sys.platform == "win32", reason="it counts no memory")


@no_windows
@pytest.mark.parametrize(
    ("kind", "place", "value"),
    [
        ("denoiser", "config.widths", [4096, 8192]),  # 7 GB, if it were built
        ("text denoiser", "config.unet.widths", [4096, 8192]),
        ("text denoiser", "config.text.width", 2**14),
        ("autoencoder", "config.widths", [4096, 8192]),
        ("pair", "config.widths", [4096, 8192]),
        ("judge", "config.widths", [4096, 8192]),
        ("judge", "config.answers", {"subject": 10_000}),
    ],
)
def test_a_small_file_asks_for_no_more_memory_than_it_has(saved, kind, place, value):
    folder = saved(kind, put(place, value))
    before = peak()
    with pytest.raises(CheckpointError, match="another network: .* differ"):
        LOADERS[kind](folder)
    assert peak() - before < 300


@no_windows
def test_merges_that_double_are_refused(saved):
    first = BYTES.stop
    doubling = [[100, 100]] + [[first + i, first + i] for i in range(60)]
    before = peak()
    with pytest.raises(CheckpointError, match="are too long to be words"):
        TextToImage.from_pretrained(saved("text denoiser", put("merges", doubling)))
    assert peak() - before < 300


def test_a_network_is_built_without_memory_and_without_chance(saved):
    built = []

    def build(**config):
        built.append(Judge(**config))
        assert all(x.is_meta for x in built[0].state_dict().values())
        return built[0]

    folder, chance = saved("judge"), torch.get_rng_state()
    network, _ = load_network(folder, "judge", "not a judge", build)
    assert network is built[0] and not network.training
    assert not any(x.is_meta for x in network.state_dict().values())
    assert all(x.requires_grad for x in network.parameters())
    assert torch.equal(torch.get_rng_state(), chance)


def test_loading_does_not_wait_for_what_only_compilers_need(saved):
    """torch would import sympy (4 seconds) to draw no numbers on the meta device."""
    code = (
        "import sys; from course_lib.painters.pipeline import TextToImage; "
        "before = set(sys.modules); TextToImage.from_pretrained(sys.argv[1]); "
        "print(*sorted(sys.modules.keys() - before))"
    )
    command = [sys.executable, "-c", code, str(saved("latents"))]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert "sympy" not in ran.stdout.split(), ran.stdout


# What the surroundings are ----------------------------------------------------------


@pytest.fixture
def defaults():
    """torch's own defaults, put back afterwards."""
    yield
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)


@pytest.mark.parametrize(
    "default", [torch.float64, torch.bfloat16, torch.device("meta")], ids=str
)
def test_defaults_of_torch_change_nothing_that_is_loaded_or_drawn(
    saved, defaults, default
):
    def drawn() -> list[torch.Tensor]:
        label = LabelToImage.from_pretrained(saved("denoiser"))
        latents = TextToImage.from_pretrained(saved("latents"))
        matcher = Matcher.from_pretrained(saved("pair"))
        pictures = label(["frog"], steps=2)
        return [
            pictures,
            label(["frog"], steps=2, sampler="ddpm"),
            latents(["a frog"], steps=2),
            interpolate(latents, "a frog", "a cat", n=2, steps=2),
            crossfade(latents, *pictures[[0, 0]], n=2),
            matcher.see(pictures),
            matcher.read(["a frog"]),
            load_judge(saved("judge")).read(pictures)["subject"],
        ]

    expected = drawn()
    if isinstance(default, torch.device):
        torch.set_default_device(default)
    else:
        torch.set_default_dtype(default)
    latents = TextToImage.from_pretrained(saved("latents"))
    assert {x.dtype for x in latents.model.parameters()} == {torch.float32}
    assert encoder_digest(latents.autoencoder) == latents.card["encoder_sha256"]
    for one, other in zip(drawn(), expected, strict=True):
        assert one.dtype == other.dtype and torch.equal(one, other)


# A terminal obeys -------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["\x1b[2J", "\r", "\u202e", "\x9b", "\ud800", "\x00"])
def test_no_sign_of_a_card_that_a_terminal_obeys_is_printed(saved, sign, capsys):
    folder = saved("denoiser", put("kind", f"a{sign}b"))
    with pytest.raises(CheckpointError) as error:
        load_judge(folder)
    folder = saved("denoiser", put("labels", ["nothing", f"f{sign}"]))
    assert main(["generate", "--label", "x", "--weights", str(folder), "--out=x"]) == 2
    said = capsys.readouterr().err
    assert "do not know 'x'" in said
    for text in (str(error.value), said):
        assert sign not in text and text.strip().isprintable()


def test_what_can_be_printed_is_printed_as_it_is():
    assert str(CheckpointError("größer\nカエル 🐸")) == "größer\nカエル 🐸"


# The commands -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "place", "value"),
    [
        ("denoiser", "T", "1000"),
        ("denoiser", "schedule", None),
        ("denoiser", "target", 3),
        ("pair", "config.text.heads", 0),
        ("latents", "latent_scale", 0),
    ],
)
def test_commands_refuse_an_odd_card_and_write_nothing(
    saved, tmp_path, capsys, kind, place, value
):
    saved(kind, put(place, value))
    for command in ("export new --weights", "average --out new weights"):
        code = main(shlex.split(f"{command} weights"))
        out, err = capsys.readouterr()
        assert (code, out, err.count("\n")) == (2, "", 1), err
        assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("merges", [[0, 0]], "but one is not made yet"),
        ("merges", [], "another tokenizer"),
        ("config.text.width", 32, "another network"),
        ("config.text.blocks", 3, "another network"),
    ],
)
def test_export_writes_no_part_that_does_not_fit_its_tensors(
    saved, tmp_path, capsys, place, value, words
):
    saved("text denoiser", put(place, value))
    assert main(shlex.split("export new --weights weights")) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
