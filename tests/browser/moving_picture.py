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


def record() -> Iterator[tuple[float, Frame]]:
    """What the screen shows, and when it began to."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    with tempfile.TemporaryDirectory() as home:
        child = pexpect.spawn("bash", ["--norc", "--noprofile"], dimensions=(ROWS, COLUMNS), env=_environment(home))
        child.delaybeforesend = None
        for prompt, typed in (("$", "streamplate try"), (">", QUESTION), (">", "")):
            yield from _until(child, screen, stream, prompt)
            for key in f"{typed}\r" if typed else "":
                time.sleep(0.06)
                child.send(key)
                yield from _read(child, screen, stream)
        child.close(force=True)


def _environment(home: str) -> dict[str, str]:
    return os.environ | {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", "PS1": "$ ", "HOME": home}


def _until(
    child: pexpect.spawn[bytes], screen: pyte.Screen, stream: pyte.ByteStream, prompt: str
) -> Iterator[tuple[float, Frame]]:
    """Read until the last line is this prompt, and stays so for a second."""
    limit, since = time.monotonic() + 300, time.monotonic()
    while time.monotonic() < since + 1:
        assert time.monotonic() < limit, "\n".join(screen.display)
        yield from _read(child, screen, stream)
        if "\n".join(screen.display).rstrip().rpartition("\n")[2].strip() != prompt:
            since = time.monotonic()


def _read(
    child: pexpect.spawn[bytes], screen: pyte.Screen, stream: pyte.ByteStream
) -> Iterator[tuple[float, Frame]]:
    try:
        stream.feed(child.read_nonblocking(65536, timeout=0.05))
    except pexpect.TIMEOUT:
        return
    yield time.monotonic(), _frame(screen)


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
    seconds = sum(stay for stay, _ in frames)
    starts = itertools.accumulate((stay for stay, _ in frames), initial=0.0)
    steps = " ".join(
        f"{100 * start / seconds:.2f}% {{ transform: translateY(-{height * number}px); }}"
        for number, start in zip(range(len(frames)), starts, strict=False)
    )
    lines = {line: f"l{number}" for number, line in enumerate(dict.fromkeys(line for _, f in frames for line in f if line))}
    uses = (
        f'<use href="#{lines[line]}" y="{height * number + PADDING + LINE * (row + 1) - 5}"/>'
        for number, (_, frame) in enumerate(frames)
        for row, line in enumerate(frame)
        if line
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
            "<title>streamplate try, in a terminal</title>",
            f"<style>{STYLE.format(seconds=seconds, steps=steps, last=height * (len(frames) - 1))}</style>",
            f'<rect width="{width}" height="{height}" rx="10" fill="#14171a" stroke="#3a4248"/>',
            "<defs>",
            *(f'<text id="{name}" x="{PADDING}">{_spans(line)}</text>' for line, name in lines.items()),
            "</defs>",
            f'<svg width="{width}" height="{height}"><g class="screen">{"".join(uses)}</g></svg>',
            "</svg>\n",
        ]
    )


def _spans(line: Line) -> str:
    return "".join(
        f'<tspan class="{style}">{html.escape(text)}</tspan>' if style else html.escape(text) for text, style in line
    )


if __name__ == "__main__":
    Path(*sys.argv[1:]).write_text(svg(timed(record())), "utf-8")
