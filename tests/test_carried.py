"""The code that an export carries is the library's own, and enough."""

import sys

import pytest
import torch

from course_lib.networks.unet import UNet
from course_lib.painters.carried import carried, opened


def test_what_is_carried_runs_alone_and_computes_the_same():
    space = {}
    exec(carried("course_lib.networks.unet", "UNet"), space)
    torch.manual_seed(0)
    ours = UNet((8, 16), blocks=1)
    theirs = space["UNet"]((8, 16), blocks=1)
    theirs.load_state_dict(ours.state_dict())
    x_t, t = torch.randn(1, 3, 8, 8), torch.tensor([7])
    assert torch.equal(theirs(x_t, t), ours(x_t, t))


def test_comments_and_decorators_come_along():
    code = carried("course_lib.diffusion.schedule", "NoiseSchedule", "EXACT")
    assert "@dataclass(frozen=True, eq=False)\nclass NoiseSchedule" in code
    assert "# alpha_bar is a product" in code


def test_a_name_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="There is no Unet in course_lib"):
        carried("course_lib.networks.unet", "Unet")


def test_one_name_for_two_things_is_refused(tmp_path, monkeypatch):
    (tmp_path / "one_of_two.py").write_text(
        "from course_lib.networks.layers import norm as other\n"
        "def norm():\n    return other\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    opened.cache_clear()
    with pytest.raises(ValueError, match="norm means one thing"):
        carried("one_of_two", "norm")
    sys.modules.pop("one_of_two", None)
