"""The pictures in the README: `python -m tests.browser.screenshots .github/screenshots`.

It needs Chromium, the `test` extra, and pyte.
"""

from __future__ import annotations

import html
import os
import sys
import tempfile
import time
from pathlib import Path

import pexpect
import pyte
from playwright.sync_api import Browser, sync_playwright

from tests.browser.agents import make, serve
from tests.browser.conftest import ARGUMENTS, CHROMIUM

QUESTION = "What's the weather in Paris, what time is it in Tokyo, and what is 37*12+5?"
DESKTOP = {"width": 1100, "height": 720}
PHONE = {"width": 390, "height": 720}
COLUMNS, ROWS = 96, 26
TERMINAL = """
<style>
  body {{ margin: 0; display: inline-block; background: #14171a; color: #e6eaec; padding: 18px 22px; }}
  body {{ border-radius: 12px; }}
  html {{ background: transparent; }}
  pre {{ margin: 0; font: 14px/1.45 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }}
</style>
<pre>{0}</pre>
"""


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


def terminal(browser: Browser, project: Path, url: str, picture: Path) -> None:
    """The chat in a terminal, after the same answer."""
    page = browser.new_context(device_scale_factor=2).new_page()
    page.set_content(TERMINAL.format(as_html(chat(project, url))))
    page.locator("body").screenshot(path=picture, omit_background=True)


def chat(project: Path, url: str) -> pyte.Screen:
    """What `uv run chat` shows."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    environment = os.environ | {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", "HOME": str(project)}
    command = [str(project / ".venv/bin/chat"), "--url", f"{url}/invocations"]
    child = pexpect.spawn(command[0], command[1:], dimensions=(ROWS, COLUMNS), env=environment)
    for text in ("/help", ">"):  # a key that is pressed before the prompt is there would be shown twice
        child.expect_exact(text)
        stream.feed(child.before + child.after)
    child.send(f"{QUESTION}\r")
    while "tokens" not in "\n".join(screen.display):
        stream.feed(child.read_nonblocking(4096, timeout=30))
    time.sleep(0.5)
    child.close(force=True)
    return screen


def as_html(screen: pyte.Screen) -> str:
    """The screen's lines, with what is bold."""
    lines = []
    for row in range(ROWS):
        cells = [screen.buffer[row][column] for column in range(COLUMNS)]
        lines.append(
            "".join(f"<b>{html.escape(c.data)}</b>" if c.bold else html.escape(c.data) for c in cells).rstrip()
        )
    return "\n".join(lines).rstrip()


def main() -> None:
    """Take them all."""
    folder = Path(*sys.argv[1:])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        project = make(Path(temporary) / "my-agent", clients=["terminal", "web"], deployment=[])
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, "--no-sandbox"])
        with serve(project) as agent:
            web(browser, agent.url, folder / "web-light.png", DESKTOP, "light")
            web(browser, agent.url, folder / "web-dark.png", DESKTOP, "dark")
            web(browser, agent.url, folder / "web-phone.png", PHONE, "light")
            inspector(browser, agent.url, folder / "inspector.png")
            terminal(browser, project, agent.url, folder / "terminal.png")
        browser.close()


if __name__ == "__main__":
    main()
