"""The slides in a browser: everything fits, every picture is there, the keys work."""

import pytest
from reading_order import ORDER
from slides import SLIDES

if not SLIDES.is_dir():
    pytest.skip("needs the slides: make slides", allow_module_level=True)

# What sticks out of the slide that is shown, or out of the box that it lies in. Inside
# a formula only its whole picture counts.
STICKING_OUT = """() => {
  const slide = document.querySelector(".now .inside").getBoundingClientRect();
  const found = [];
  for (const part of document.querySelectorAll(".now .inside *")) {
    if (part.closest("svg") && part.tagName !== "svg") continue;
    const box = part.getBoundingClientRect();
    const out = box.width && (box.right > slide.right + 1 || box.left < slide.left - 1
      || box.bottom > slide.bottom + 1 || box.top < slide.top - 1);
    if (out) found.push(part.tagName + ": " + part.textContent.slice(0, 60));
  }
  const words = document.querySelector(".now .words")?.getBoundingClientRect();
  const shown = document.querySelector(".now .pictures")?.getBoundingClientRect();
  if (words && shown && words.bottom > shown.top + 1 && words.right > shown.left + 1)
    found.push("words over a picture");
  if (shown && (shown.height < 150 || shown.width < 300)) found.push("a tiny picture");
  return found;
}"""
WHOLE = "() => [...document.images].every(i => i.complete && i.naturalWidth)"


@pytest.fixture
def open_slides(chromium):
    """Opens a lesson's slides as on a projector, and notes what they ask for."""
    page = chromium.new_page(viewport={"width": 1280, "height": 720})
    wrong = []
    own = ("file:", "data:")
    page.on("request", lambda r: r.url.startswith(own) or wrong.append(r.url))
    page.on("requestfailed", lambda request: wrong.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))

    def opened(name: str):
        page.goto((SLIDES / f"{name}.html").as_uri(), wait_until="load")
        page.evaluate("() => MathJax.startup.promise.then(() => 1)")
        return page

    yield opened
    page.close()
    assert wrong == [], "slides must be whole without a network"


@pytest.mark.parametrize("name", ["index", "02_noise"])
def test_axe_finds_no_fault_in_contrast_names_and_structure(chromium, name):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe")
    page = chromium.new_page()
    page.goto((SLIDES / f"{name}.html").as_uri(), wait_until="load")
    for key in ["End", "n", "d"]:
        page.keyboard.press(key)
    rules = ["wcag2a", "wcag2aa", "best-practice"]
    found = axe.Axe().run(page, options={"runOnly": rules}).response["violations"]
    page.close()
    assert [f"{f['id']}: {f['nodes'][0]['html'][:200]}" for f in found] == []


def place(page) -> str:
    return page.locator("#place").inner_text()


@pytest.mark.parametrize("name", ORDER)
def test_nothing_sticks_out_of_any_slide_and_no_picture_is_missing(open_slides, name):
    page = open_slides(name)
    assert page.evaluate(WHOLE)
    assert page.locator("mjx-merror").count() == 0
    found = {}
    for number in range(1, page.locator(".page").count() + 1):
        assert place(page).startswith(f"{number} / ")
        if out := page.evaluate(STICKING_OUT):
            found[number] = out
        page.keyboard.press("ArrowRight")
    assert found == {}


def test_keys_and_swipes_turn_the_page_and_notes_come_and_go(open_slides):
    page = open_slides("02_noise")
    notes = page.locator(".now .notes")
    assert not notes.is_visible()
    page.keyboard.press("n")
    assert notes.is_visible()
    page.keyboard.press("End")
    last = place(page)
    page.keyboard.press("PageDown")
    assert place(page) == last
    page.keyboard.press("Home")
    page.evaluate(
        """() => { for (const [kind, x] of [["touchstart", 900], ["touchend", 300]]) {
          const touch = new Touch({identifier: 1, target: document.body, clientX: x});
          document.dispatchEvent(new TouchEvent(kind,
            {touches: kind === "touchstart" ? [touch] : [], changedTouches: [touch]}));
        } }"""
    )
    assert place(page).startswith("2 / ")
    page.keyboard.press("d")
    assert "dark" in page.locator("html").get_attribute("class")


def test_two_windows_of_one_lesson_turn_their_pages_together(chromium):
    context = chromium.new_context()
    first, second = context.new_page(), context.new_page()
    for page in (first, second):
        page.goto((SLIDES / "02_noise.html").as_uri())
    first.keyboard.press("PageDown")
    second.wait_for_function("() => place.textContent.startsWith('2 / ')")
    context.close()


def test_on_paper_every_slide_stands_above_what_to_say(open_slides):
    page = open_slides("02_noise")
    page.emulate_media(media="print")
    shown = page.locator(".page .notes:visible").count()
    assert shown == page.locator(".page .slide:visible").count() > 10
    assert not page.locator(".bar").is_visible()
