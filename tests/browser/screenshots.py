"""The pictures in the README: `python -m tests.browser.screenshots .github/screenshots`.

It needs Chromium and the `test` extra.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.agents import make, serve
from tests.browser.conftest import ARGUMENTS, CHROMIUM

QUESTION = "What's the weather in Paris, what time is it in Tokyo, and what is 37*12+5?"
DESKTOP = {"width": 1100, "height": 720}
PHONE = {"width": 390, "height": 720}


def web(browser: Browser, url: str, picture: Path, viewport: dict[str, int], scheme: str) -> None:
    """The chat page after an answer whose first tool call is open."""
    context = browser.new_context(viewport=viewport, color_scheme=scheme, device_scale_factor=2)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url)
    page.get_by_label("Your question").fill(QUESTION)
    page.keyboard.press("Enter")
    page.locator(".numbers").wait_for()
    page.locator("summary").first.click()
    page.screenshot(path=picture)
    context.close()


def inspector(browser: Browser, url: str, picture: Path) -> None:
    """The inspector, with the newest run and its first tool call open."""
    context = browser.new_context(viewport=DESKTOP, device_scale_factor=2)
    page = context.new_page()
    page.goto(f"{url}/inspector/")
    page.locator(".timeline .tool .name").first.click()
    page.screenshot(path=picture)
    context.close()


def main() -> None:
    """Take them all."""
    folder = Path(*sys.argv[1:])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        project = make(Path(temporary) / "my-agent", clients=["web"], deployment=[])
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, "--no-sandbox"])
        with serve(project) as agent:
            web(browser, agent.url, folder / "web-light.png", DESKTOP, "light")
            web(browser, agent.url, folder / "web-dark.png", DESKTOP, "dark")
            web(browser, agent.url, folder / "web-phone.png", PHONE, "light")
            inspector(browser, agent.url, folder / "inspector.png")
        browser.close()


if __name__ == "__main__":
    main()
