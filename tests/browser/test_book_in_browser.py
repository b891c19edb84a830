"""The book in a browser, whole without a network, and usable by everybody."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book" / "built" / "html"
PAGES = ("index", "lessons/02_noise", "notebooks/02_noise")
SEEN = "() => [...document.images].every(image => image.complete && image.naturalWidth)"

if not BOOK.is_dir():
    pytest.skip("needs the book: make book", allow_module_level=True)


@pytest.fixture
def open_page(chromium):
    """Opens a page of the book, and notes what it asks other machines for."""
    page = chromium.new_page(viewport={"width": 1200, "height": 900})
    asked = []
    own = ("file:", "data:", "blob:")
    page.on("request", lambda r: r.url.startswith(own) or asked.append(r.url))

    def opened(name: str):
        page.goto((BOOK / f"{name}.html").as_uri(), wait_until="load")
        return page

    yield opened
    page.close()
    assert asked == [], "a page must look whole without a network"


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_fault_in_contrast_names_and_structure(open_page, name):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe")
    page = open_page(name)
    rules = ["wcag2a", "wcag2aa", "best-practice"]
    found = axe.Axe().run(page, options={"runOnly": rules}).response["violations"]
    told = [f"{fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in found]
    assert told == []


@pytest.mark.parametrize("name", PAGES)
def test_every_picture_of_a_page_is_there(open_page, name):
    assert open_page(name).evaluate(SEEN)


def test_formulas_are_set_from_the_book_itself(open_page):
    page = open_page("lessons/02_noise")
    page.wait_for_selector("mjx-container svg")
    assert page.locator("mjx-container").count() > 20
    assert page.locator("mjx-merror").count() == 0


def test_a_slider_moves_by_keyboard_and_the_picture_changes(open_page):
    page = open_page("notebooks/02_noise")
    slider = page.locator("[data-frames] input[type=range]").first
    picture = page.locator("[data-frames] img:visible").first
    before = picture.get_attribute("src")
    slider.focus()
    slider.press("ArrowRight")
    assert picture.get_attribute("src") != before
    assert "t = " in slider.get_attribute("aria-valuetext")


def test_a_search_finds_the_lesson(open_page):
    page = open_page("index")
    page.fill("input[name=q]", "guidance")
    page.press("input[name=q]", "Enter")
    page.wait_for_selector("ul.search li a")
    found = page.locator("ul.search li a").all_inner_texts()
    assert any("Text to image" in title for title in found)


def test_a_page_fits_a_telephone(open_page):
    for name in PAGES:
        page = open_page(name)
        page.set_viewport_size({"width": 390, "height": 800})
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, name
