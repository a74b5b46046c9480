"""The moving picture in the README: `python -m tests.browser.moving_picture .github/screenshots/try.svg`.

`streamplate try` runs in a pseudo-terminal. What its screen shows becomes the frames of an SVG, which CSS shows one
after the other; nobody wants to watch an installation, so a frame stays two seconds at most. It needs the `test` extra,
and pyte.
"""

from __future__ import annotations

import html
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pyte
from pyte.screens import Char

COLUMNS, ROWS = 92, 27
LINE, WIDTH, PADDING = 19, 8.43, 18
"""Of a line and a character, and around the screen, in pixels."""
EVERY, LONGEST, LAST = 0.07, 2.0, 6.0
"""Seconds: between two frames at least, of a frame at most, and of the last."""
QUESTION = "What time is it in Nairobi?"
STYLE = """
  .screen {{ animation: play {seconds:.1f}s step-end infinite; }}
  text {{ font: 14px/1 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }}
  text {{ white-space: pre; fill: #d6dde2; }}
  .b {{ font-weight: bold; fill: #fff; }} .g {{ fill: #7fd0a0; }} .r {{ fill: #ff9c8f; }} .c {{ fill: #7cc7f0; }}
  @keyframes play {{ {steps} }}
  @media (prefers-reduced-motion: reduce) {{ .screen {{ animation: none; transform: translateY(-{last}px); }} }}
"""
CLASSES = {"green": "g", "red": "r", "cyan": "c", "blue": "c"}

Line = tuple[tuple[str, str], ...]
"""Runs of characters of one class, each with its class."""
Frame = tuple[Line, ...]


class Terminal:
    """A shell in a pseudo-terminal."""

    def __init__(self, home: str) -> None:
        own = {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", "PS1": "$ ", "HOME": home}
        self._child = pexpect.spawn(
            "bash", ["--norc", "--noprofile"], dimensions=(ROWS, COLUMNS), env=os.environ | own, encoding="utf-8"
        )
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.Stream(self._screen)

    def until(self, prompt: str) -> Iterator[tuple[float, Frame]]:
        """Read until the last line is this prompt, and stays so for a second."""
        limit, since = time.monotonic() + 300, time.monotonic()
        while time.monotonic() < since + 1:
            shown = "\n".join(self._screen.display).rstrip()
            assert time.monotonic() < limit, shown
            if shown.rpartition("\n")[2].strip() != prompt:
                since = time.monotonic()
            yield from self._read()

    def type(self, text: str) -> Iterator[tuple[float, Frame]]:
        """Press keys as a person does."""
        for key in f"{text}\r":
            time.sleep(0.06)
            self._child.send(key)
            yield from self._read()

    def close(self) -> None:
        """End the shell, and what runs in it."""
        self._child.close(force=True)

    def _read(self) -> Iterator[tuple[float, Frame]]:
        try:
            self._stream.feed(self._child.read_nonblocking(65536, timeout=0.05))
        except pexpect.TIMEOUT:
            return
        yield time.monotonic(), _frame(self._screen)


def record() -> Iterator[tuple[float, Frame]]:
    """What the screen shows, and when it began to."""
    with tempfile.TemporaryDirectory() as home:
        terminal = Terminal(home)
        yield from terminal.until("$")
        yield from terminal.type("streamplate try")
        yield from terminal.until(">")
        yield from terminal.type(QUESTION)
        yield from terminal.until(">")
        terminal.close()


def _frame(screen: pyte.Screen) -> Frame:
    return tuple(_line([screen.buffer[row][column] for column in range(COLUMNS)]) for row in range(ROWS))


def _line(cells: list[Char]) -> Line:
    runs = [
        ("".join(cell.data for cell in run), style)
        for style, run in itertools.groupby(cells, lambda cell: "b" if cell.bold else CLASSES.get(cell.fg, ""))
    ]
    while runs and not runs[-1][0].strip():
        runs.pop()
    return tuple(runs)


def timed(recorded: Iterator[tuple[float, Frame]]) -> list[tuple[float, Frame]]:
    """The frames, each with the seconds that it stays."""
    kept: list[tuple[float, Frame]] = []
    for at, frame in recorded:
        if kept and (at - kept[-1][0] < EVERY or frame == kept[-1][1]):
            kept[-1] = (kept[-1][0], frame)
        else:
            kept.append((at, frame))
    stays = [min(after[0] - before[0], LONGEST) for before, after in itertools.pairwise(kept)]
    return list(zip([*stays, LAST], (frame for _, frame in kept), strict=True))


def svg(frames: list[tuple[float, Frame]]) -> str:
    """The frames below one another, of which a window shows one; each line that differs is there once."""
    width, height = round(COLUMNS * WIDTH) + 2 * PADDING, ROWS * LINE + 2 * PADDING
    size = f'width="{width}" height="{height}"'
    seconds = sum(stay for stay, _ in frames)
    starts = itertools.accumulate((stay for stay, _ in frames), initial=0.0)
    steps = " ".join(
        f"{100 * start / seconds:.2f}% {{ transform: translateY(-{height * number}px); }}"
        for number, start in zip(range(len(frames)), starts, strict=False)
    )
    different = dict.fromkeys(line for _, frame in frames for line in frame if line)
    lines = {line: f"l{number}" for number, line in enumerate(different)}
    uses = (
        f'<use href="#{lines[line]}" y="{height * number + PADDING + LINE * (row + 1) - 5}"/>'
        for number, (_, frame) in enumerate(frames)
        for row, line in enumerate(frame)
        if line
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {size}>',
            "<title>streamplate try, in a terminal</title>",
            f"<style>{STYLE.format(seconds=seconds, steps=steps, last=height * (len(frames) - 1))}</style>",
            f'<rect {size} rx="10" fill="#14171a" stroke="#3a4248"/>',
            "<defs>",
            *(f'<text id="{name}" x="{PADDING}">{_spans(line)}</text>' for line, name in lines.items()),
            "</defs>",
            f'<svg {size}><g class="screen">{"".join(uses)}</g></svg>',
            "</svg>\n",
        ]
    )


def _spans(line: Line) -> str:
    return "".join(
        f'<tspan class="{style}">{html.escape(text)}</tspan>' if style else html.escape(text) for text, style in line
    )


if __name__ == "__main__":
    Path(*sys.argv[1:]).write_text(svg(timed(record())), "utf-8")
