"""A browser for the tests of pages: Chromium, without a window, through Playwright."""

import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="session")
def chromium():
    """A running Chromium; the tests skip where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
    program = next(filter(None, map(shutil.which, NAMES)), None)
    with playwright.sync_playwright() as started:
        try:  # without a program of the system's: Playwright's own, if installed
            browser = started.chromium.launch(
                executable_path=program, args=["--no-sandbox"]
            )
        except playwright.Error:
            pytest.skip("needs Chromium: install it, or run `playwright install`")
        yield browser
        browser.close()
