"""JupyterLab as `make lab` opens it: notebook 00 runs, a prompt is typed, it draws."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180_000  # milliseconds, as Playwright counts: it draws on a busy core
pytest.importorskip("jupyterlab", reason="needs JupyterLab")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab that shows this folder as `make lab` does."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = tmp_path_factory.mktemp("jupyter")
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [
        f"--ServerApp.port={port}",
        "--IdentityProvider.token=",
        "--ip=127.0.0.1",
    ]
    command += [f"--ServerApp.root_dir={ROOT}", "--LabApp.news_url="]
    environment = os.environ | {
        "COURSE_PROFILE": "smoke",
        "JUPYTER_CONFIG_DIR": str(settings),
        "JUPYTER_CONFIG_PATH": str(ROOT / "tools" / "jupyter"),
    }
    # Into a file: nobody empties a pipe, and a full one would stop the server.
    said = settings / "said.txt"
    with said.open("w") as log:
        server = subprocess.Popen(command, env=environment, stderr=log, cwd=ROOT)
    while "is running at" not in said.read_text() and server.poll() is None:
        time.sleep(0.2)
    yield f"http://127.0.0.1:{port}/lab"
    server.terminate()
    server.wait(20)


@pytest.fixture
def notebook(lab, chromium, tmp_path_factory):
    """A copy of notebook 00, open in JupyterLab; the copy goes when the test ends."""
    copy = ROOT / "notebooks" / "copy_for_a_test.ipynb"
    copy.write_bytes((ROOT / "notebooks" / "00_start.ipynb").read_bytes())
    page = chromium.new_page(viewport={"width": 1300, "height": 1000})
    page.goto(f"{lab}/workspaces/test/tree/notebooks/{copy.name}")
    page.wait_for_selector(".jp-Notebook-cell", timeout=PATIENCE)
    # What is run before the kernel is there is never run.
    page.get_by_text("(ipykernel) | Idle").wait_for(timeout=PATIENCE)
    yield page
    page.close()
    copy.unlink()


def run_until(page, number: int):
    """Run all cells from the first on until this code cell; return it."""
    page.locator(".jp-MarkdownCell").first.click()
    cell = page.locator(".jp-CodeCell").nth(number)
    for _ in range(2 * number + 2):  # before each code cell stands one of words
        page.keyboard.press("Shift+Enter")
    cell.locator(".jp-OutputArea-output").first.wait_for(timeout=PATIENCE)
    return cell


def drawn(cell) -> str:
    """The picture that a cell shows at last, as an address."""
    cell.locator("img:visible").first.wait_for(timeout=PATIENCE)
    return cell.locator("img:visible").first.get_attribute("src")


def test_it_runs_a_prompt_is_typed_a_slider_moved_and_the_picture_changes(notebook):
    cell = run_until(notebook, 1)
    first = drawn(cell)
    # The slider under the picture goes through the frames, without the kernel.
    frames = cell.locator("[data-frames] input[type=range]").first
    frames.press("End")
    last = drawn(cell)
    assert last != first
    # A prompt that is typed is drawn.
    cell.locator("input[type=text]").first.fill("a red cat at night")
    cell.locator("input[type=text]").first.press("Enter")
    described = cell.locator("img[alt*='a red cat at night']:visible").first
    described.wait_for(timeout=PATIENCE)
    assert drawn(cell) not in (first, last)


def test_no_news_and_no_question_stands_in_the_way(notebook):
    assert notebook.locator(".jp-Dialog, .jp-toast-button").count() == 0
