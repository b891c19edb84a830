"""Control: before training it changes nothing; then it follows."""

import copy

import torch
from test_pipeline_text import make_painter

from course_lib.networks.control import Control, Controlled, control_for


def pieces():
    model = make_painter().model
    torch.manual_seed(1)
    control = control_for(model, cell=model.config["unet"]["fold"]).eval()
    x_t, t = torch.randn(2, 3, 16, 16), torch.tensor([10, 90])
    cond = torch.tensor([[1, 7, 2], [1, 2, 0]])
    return model, control, (x_t, t, cond)


def stirred(control: Control) -> Control:
    for zero in (*control.zeros, control.look[-1]):
        torch.nn.init.normal_(zero.weight, std=0.3)
    return control


def test_an_untrained_control_changes_no_bit_of_the_picture():
    model, control, given = pieces()
    steered = Controlled(model, control, torch.rand(1, 1, 16, 16))
    assert torch.equal(steered(*given), model(*given))


def test_its_way_down_is_a_copy_that_can_learn_alone():
    model, control, given = pieces()
    own, whole = control.state_dict(), model.unet.state_dict()
    shared = own.keys() & whole.keys()
    assert {n.split(".")[0] for n in shared} == {
        *("time", "gist", "into", "down", "shrink", "middle")
    }
    assert all(torch.equal(own[n], whole[n]) for n in shared)
    before = copy.deepcopy(whole)
    model.requires_grad_(False)
    x_t, t, cond = given
    for turn in range(2):  # first the zeros get a gradient, then what lies before them
        text_emb = model.read(cond)
        added = control(x_t, t, text_emb, torch.rand(2, 1, 16, 16))
        model.unet(x_t, t, text_emb, added).square().sum().backward()
        there = {n for n, p in control.named_parameters() if p.grad.any()}
        assert all(n.startswith("zeros") for n in there) == (turn == 0)
        with torch.no_grad():
            for parameter in control.parameters():
                parameter -= 0.01 * parameter.grad
    assert all(torch.equal(whole[n], before[n]) for n in whole)


def test_each_picture_of_a_guided_batch_has_its_own_sketch():
    model, control, (x_t, t, cond) = pieces()
    sketch = torch.rand(2, 1, 16, 16)
    steered = Controlled(model, stirred(control), sketch)
    both = steered(torch.cat([x_t, x_t]), t.repeat(2), cond.repeat(2, 1))
    for i in range(2):
        alone = Controlled(model, control, sketch[i : i + 1])
        one = alone(x_t[i : i + 1], t[i : i + 1], cond[i : i + 1])
        torch.testing.assert_close(both[i : i + 1], one, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(both[2 + i : 3 + i], one, atol=1e-5, rtol=1e-4)


def test_strength_0_is_without_and_two_controls_add_up():
    model, control, given = pieces()
    stirred(control)
    sketch = torch.rand(1, 1, 16, 16)
    without = Controlled(model, control, sketch, strength=0.0)
    assert torch.equal(without(*given), model(*given))
    half = Controlled(model, control, sketch, strength=0.5)
    twice = Controlled(half, control, sketch, strength=0.5)
    whole = Controlled(model, control, sketch)
    torch.testing.assert_close(twice(*given), whole(*given), atol=1e-5, rtol=1e-4)
    assert not torch.equal(whole(*given), model(*given))
