"""Sliders: the same frames make the same HTML, and nobody is left without a picture."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import ipywidgets
import nbformat
import pytest
import torch
from PIL import Image

from course_lib.diffusion.samplers import Step
from course_lib.figures import widgets
from course_lib.pixels import PictureError

ROOT = Path(__file__).resolve().parents[1]
FRAMES = torch.rand(3, 3, 6, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1
LABELS = ["t = 2", "t = 1", "t = 0"]


@pytest.fixture
def shown(monkeypatch):
    """What was put under the cell: pairs of HTML and description."""
    pages = []
    monkeypatch.setattr(widgets, "publish", lambda page, alt: pages.append((page, alt)))
    return pages


def key_of(page: str) -> str:
    return re.search(r'data-frames="([0-9a-f]{16})"', page)[1]


# Frames made beforehand -------------------------------------------------------------


def test_the_same_frames_make_the_same_bytes_and_other_frames_another_key():
    page = widgets.slider_page(FRAMES, LABELS, "noise")
    assert page == widgets.slider_page(FRAMES.clone(), LABELS, "noise")
    assert key_of(page) != key_of(widgets.slider_page(-FRAMES, LABELS, "noise"))


def without_script(page: str) -> str:
    return re.sub("<script>.*</script>", "", page, flags=re.DOTALL)


def test_frames_are_a_row_of_pictures_where_no_script_and_no_style_is_left(shown):
    widgets.frame_slider(FRAMES, LABELS, "noise, fading")
    page, alt = shown[0]
    left = without_script(page)
    assert alt == "noise, fading"
    assert left.count("<tr>") == 1 and left.count("<td") == len(LABELS)
    for label in LABELS:
        assert f'<img alt="noise, fading: {label}" width="80"' in left
        assert f"<br>{label}</td>" in left
    assert "<input" not in left and "<button" not in left, "nothing dead stands there"


def test_of_many_frames_eight_stand_in_the_row_and_the_others_in_the_script():
    frames = torch.linspace(-1, 1, 20)[:, None, None, None].expand(-1, 3, 32, 32)
    page = widgets.slider_page(frames, [f"frame {i}" for i in range(20)], "grey")
    left = without_script(page)
    assert left.count("<img") == 8
    assert "<br>frame 0</td>" in left and "<br>frame 19</td>" in left
    assert page.count("data:image/png;base64,") == 20


def test_each_frame_is_embedded_once():
    page = widgets.slider_page(FRAMES, LABELS, "noise")
    assert page.count("data:image/png;base64,") == len(FRAMES)


def test_twenty_small_frames_are_small():
    frames = torch.linspace(-1, 1, 20)[:, None, None, None].expand(-1, 3, 32, 32)
    page = widgets.slider_page(frames, [str(i) for i in range(20)], "grey")
    assert len(page) < 30_000


def test_the_keyboard_moves_the_slider_also_in_jupyterlab():
    """Its shortcuts take the arrow keys from an input that does not say this itself."""
    page = widgets.slider_page(FRAMES, LABELS, "noise")
    assert 'setAttribute("data-lm-suppress-shortcuts", "true")' in page
    assert 'setAttribute("aria-label", alt)' in page and 'alt = "noise"' in page


def test_labels_and_descriptions_cannot_break_out_of_their_place():
    evil = '</script><b onclick="x">"'
    page = widgets.slider_page(FRAMES, [evil, "{", "}"], evil)
    assert page.count("</script>") == 1 and page.endswith("</script>")
    assert "<b " not in page


def test_pillow_frames_are_shown_as_they_are_and_must_be_of_one_size():
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    page = widgets.slider_page(frames, "ab", "colours")
    assert page.count('width="40"') == 2  # in the strip; the slider shows all pixels
    assert "height=" not in page
    with pytest.raises(ValueError, match="frames of one size"):
        widgets.slider_page([*frames, Image.new("RGB", (9, 9))], "abc", "colours")


def test_a_pixel_more_or_less_of_a_drawn_frame_changes_no_word():
    """matplotlib's versions round the size of a figure up or down."""

    def page(width):
        frames = [Image.new("RGB", (width, 300), colour) for colour in ("red", "blue")]
        whole = widgets.slider_page(frames, "ab", "colours")
        return re.sub(r'base64,[^"]+|data-frames="\w+"', "", whole)

    assert page(919) == page(920)


def test_wrong_frames_labels_and_descriptions_get_a_sentence():
    with pytest.raises(ValueError, match="2 labels for 3 frames"):
        widgets.slider_page(FRAMES, LABELS[:2], "noise")
    with pytest.raises(ValueError, match=r"start must lie in 0\.\.2"):
        widgets.slider_page(FRAMES, LABELS, "noise", start=3)
    with pytest.raises(ValueError, match="frames of one size"):
        widgets.slider_page([], [], "nothing")
    with pytest.raises(ValueError, match="Say in a sentence"):
        widgets.slider_page(FRAMES, LABELS, "")
    with pytest.raises(PictureError):
        widgets.slider_page(FRAMES[0], LABELS, "noise")


def test_a_sampler_is_shown_step_by_step_with_its_guess_beside(shown):
    steps = [Step(t, FRAMES * t, FRAMES) for t in (2, 1, 0)]
    widgets.sampler_slider(steps, "a picture comes out of noise", picture=1)
    assert re.findall(r"<br>(.*?)</td>", shown[0][0]) == [
        f"x_t and x_0_hat at t = {t}" for t in (2, 1, 0)
    ]
    widgets.sampler_slider(steps, "a latent comes out of noise", of="z")
    assert "z_t and z_0_hat at t = 2" in shown[1][0]
    frame = widgets.side_by_side(steps[0], 1)
    torch.testing.assert_close(frame[:, :, :4], (2 * FRAMES[1]).clamp(-1, 1))
    torch.testing.assert_close(frame[:, :, -4:], FRAMES[1])


# nbval --------------------------------------------------------------------------------


SHOW = """\
from pathlib import Path
from IPython.display import display
display({"text/html": Path("page.html").read_text()}, raw=True)
"""


def cell_that_showed(page: str) -> nbformat.NotebookNode:
    """A cell that shows page.html now, and whose stored output is this page."""
    output = nbformat.v4.new_output("display_data", {"text/html": page})
    return nbformat.v4.new_code_cell(SHOW, execution_count=1, outputs=[output])


def test_strict_nbval_forgives_a_pixel_and_nothing_else(tmp_path):
    """What another machine computes may differ in a float's last bit."""
    page = widgets.slider_page(FRAMES, LABELS, "noise")
    nearly = FRAMES.clone()
    nearly[0, 0, 0, 0] += 1 / 127.5
    stored = {
        "the same": page,
        "another pixel": widgets.slider_page(nearly, LABELS, "noise"),
        "another label": widgets.slider_page(FRAMES, ["t = 3", *LABELS[1:]], "noise"),
        "other words": widgets.slider_page(FRAMES, LABELS, "nose"),
        "fewer frames": widgets.slider_page(FRAMES[:2], LABELS[:2], "noise"),
    }
    assert len(set(stored.values())) == 5
    (tmp_path / "page.html").write_text(page)
    cells = [cell_that_showed(each) for each in stored.values()]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "tiny.ipynb")
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    nbval = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=120"]
    quiet = ["-q", "-p", "no:cacheprovider", "-rA"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *quiet, *nbval, "tiny.ipynb"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    verdicts = re.findall(r"^(\w+) tiny.ipynb::Cell (\d)", done.stdout, re.MULTILINE)
    passed = [name for i, name in enumerate(stored) if ("PASSED", f"{i}") in verdicts]
    failed = [name for i, name in enumerate(stored) if ("FAILED", f"{i}") in verdicts]
    assert passed == ["the same", "another pixel"], done.stdout
    assert failed == ["another label", "other words", "fewer frames"], done.stdout


# Live ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "kind", "value"),
    [
        ((0, 10), ipywidgets.IntSlider, 5),
        ((1, 11, 4), ipywidgets.IntSlider, 5),
        ((0.0, 1.0), ipywidgets.FloatSlider, 0.5),
        ((1, 8, 0.5, 3), ipywidgets.FloatSlider, 3.0),
        (["frog", "bat"], ipywidgets.Dropdown, "frog"),
        ({"a frog": 3, "a bat": 4}, ipywidgets.Dropdown, 3),
        (True, ipywidgets.Checkbox, True),
        ("a word", ipywidgets.Text, "a word"),
    ],
)
def test_each_kind_of_argument_gets_its_control(what, kind, value):
    control = widgets.control("steps", what)
    assert type(control) is kind
    assert control.value == value
    assert control.description == "steps"
    assert getattr(control, "continuous_update", False) is False


def test_a_widget_is_its_own_control():
    slider = ipywidgets.IntSlider()
    assert widgets.control("steps", slider) is slider


@pytest.mark.parametrize("what", [(1,), 3, None, (1, 2, 3, 4, 5)])
def test_an_argument_that_makes_no_control_gets_a_sentence(what):
    with pytest.raises(ValueError, match=r"steps must be \(low, high\)"):
        widgets.control("steps", what)


def test_without_a_notebook_live_sliders_are_a_sentence(capsys):
    calls = []
    widgets.live(calls.append, steps=(1, 10))
    assert "Live sliders (steps): run this cell" in capsys.readouterr().out
    assert calls == []


# Playing ------------------------------------------------------------------------------


def test_the_play_button_moves_its_slider_to_the_end_and_follows_a_hand():
    slider = widgets.control("t", (0, 1000, 50, 0))
    button = widgets.play_button(slider)
    assert (button.min, button.max, button.value) == (0, 20, 0)
    assert not getattr(button, "repeat", False)
    seen = []
    slider.observe(lambda change: seen.append(change["new"]), "value")
    for step in range(1, 21):
        button.value = step
    assert seen == list(range(50, 1001, 50))
    slider.value = 500
    assert button.value == 10


def test_a_slider_by_tenths_is_played_tenth_by_tenth():
    slider = widgets.control("share", (0.0, 1.0, 0.1, 0.2))
    button = widgets.play_button(slider)
    assert (button.max, button.value) == (10, 2)
    button.value = 10
    assert slider.value == pytest.approx(1.0)


def test_the_button_waits_for_slow_frames(monkeypatch):
    class Clock:
        now = 100.0

        def perf_counter(self):
            return self.now

    def answer(seconds):
        clock.now += seconds
        return seconds

    clock = Clock()
    monkeypatch.setattr(widgets, "time", clock)
    button = widgets.play_button(widgets.control("t", (0, 9)))
    timed = widgets.pacing(answer, button)
    assert timed(seconds=0.01) == 0.01
    assert button.interval == widgets.FRAME_MS
    timed(seconds=2.0)
    assert button.interval == 2400


@pytest.fixture
def box(monkeypatch):
    """What `live` puts under the cell of a notebook."""
    boxes = []
    make = ipywidgets.VBox
    monkeypatch.setattr(widgets, "get_ipython", lambda: "a notebook")
    monkeypatch.setattr(widgets, "display", lambda bundle, raw: None)
    monkeypatch.setattr(
        widgets.ipywidgets, "VBox", lambda rows: boxes.append(rows) or make(rows)
    )
    return boxes


def test_live_puts_a_play_button_before_the_slider_that_it_names(box):
    calls = []
    widgets.live(
        lambda **now: calls.append(now), play="t", t=(0, 10), word=["frog", "bat"]
    )
    button, slider = box[0][0].children
    assert isinstance(button, ipywidgets.Play)
    assert slider.value == 0  # a film begins at its beginning
    button.value = 1
    assert calls == [{"t": 0, "word": "frog"}, {"t": 1, "word": "frog"}]


def test_a_start_that_is_given_stays(box):
    widgets.live(lambda t: None, play="t", t=(0, 10, 1, 4))
    assert box[0][0].children[1].value == 4


@pytest.mark.parametrize("name", ["word", "steps"])
def test_only_a_slider_can_be_played(box, name):
    with pytest.raises(ValueError, match=r"one of the sliders \['t'\]"):
        widgets.live(lambda t, word: None, play=name, t=(0, 10), word=["frog"])


def test_a_frame_slider_plays_once_when_it_is_asked():
    page = widgets.slider_page(FRAMES, LABELS, "noise")
    assert "setInterval" in page and "=== 2) stop()" in page
