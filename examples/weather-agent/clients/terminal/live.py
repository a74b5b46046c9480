"""A turn on a terminal: markdown that grows without flicker, tools at work, and the time."""

import asyncio
import time
from itertools import dropwhile
from typing import Self

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.json import JSON
from rich.live import Live
from rich.markdown import Markdown
from rich.segment import Segment
from rich.spinner import Spinner
from rich.text import Text

from .view import ToolCall, TurnView

FRAME = 0.08  # seconds between two pictures
PARSER = MarkdownIt("commonmark", {"html": False, "maxNesting": 100}).enable(["strikethrough", "table"])
LONG = 10_000  # characters: of a longer block that still grows, the end is shown as it is, which takes less time


class Answer(Markdown):
    """Markdown as an agent means it: HTML is shown, not dropped, and a link shows where it goes.

    Where the screen is too narrow for it, of which Rich would drop some, the text is shown as it is.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text, justify="default", hyperlinks=False)
        self.parsed = PARSER.parse(text)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Without the empty line that Rich puts before a first block that is a table, a list or a quote."""
        if _width(self.parsed) > options.max_width:
            return iter([Text(self.markup)])
        return dropwhile(lambda part: part == Segment.line(), super().__rich_console__(console, options))


def _width(tokens: list[Token]) -> int:
    """The cells that the deepest block and the widest table need at least."""
    depth, columns = 0, [0]
    for token in tokens:
        depth = max(depth, token.level)
        if token.type == "table_open":
            columns.append(0)
        columns[-1] += token.type == "th_open"
    return max(2 * depth + 10, 4 * max(columns) + 1)


def split_finished(text: str) -> tuple[str, str]:
    """The blocks that more text can't change, and the rest: the last block, and the line that is being written."""
    complete = text[: text.rfind("\n") + 1]
    starts = [token.map[0] for token in PARSER.parse(complete) if token.map and token.level == 0]
    cut = sum(len(line) + 1 for line in text.split("\n")[: starts[-1] if starts else 0])
    return text[:cut], text[cut:]


class LiveView(TurnView):
    """Prints what can't change any more for good, and draws only the rest again.

    What is drawn again must fit on the screen, for a terminal can't erase what has scrolled away: of a taller block the
    end is shown until it is complete. Each frame is one write, which is what keeps it from flickering.
    """

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._thoughts = ""
        self._text = ""
        self._last_printed = ""
        self._spinner = Spinner("dots", style="dim")
        self._live = Live(self, console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        self._draw()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self.end_thoughts()
        self.end_text()
        self._live.stop()
        self._console.print()

    def show_thought(self, text: str) -> None:
        """Keep the thought for the next frame."""
        self._thoughts += text

    def end_thoughts(self) -> None:
        """Print them, dim."""
        thoughts, self._thoughts = self._thoughts.strip(), ""
        if thoughts:
            self._print("thoughts", Text(thoughts, "dim italic"))

    def show_text(self, text: str) -> None:
        """Keep the text for the next frame."""
        self._text += text

    def end_text(self) -> None:
        """Print what is left of the message."""
        text, self._text = self._text, ""
        self._print_text(text)

    def show_data(self, text: str) -> None:
        """Print it, coloured."""
        self.end_text()
        self._print("data", JSON(text))

    def show_result(self, call: ToolCall, result: str) -> None:
        """Print the call's line, complete."""
        self._print("tool", call.line("✗" if call.failed else "✓", self._console.width, result))

    def show_file(self, text: str) -> None:
        """Print it below the calls."""
        self._print("tool", Text(text))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The live part: the end of the thoughts or the text, the tools at work, the time."""
        if growing := self._growing():
            yield ""
            lines = console.render_lines(growing, options, pad=False)
            for line in lines[-max(1, console.height - len(self.calls) - 4) :]:
                yield from [*line, Segment.line()]
        elif self.calls and self._last_printed != "tool":
            yield ""
        for call in self.calls.values():
            yield call.line("·", console.width)
        yield ""
        doing = "reconnecting… · " if self.is_lost() else ""
        self._spinner.update(text=Text(f"{doing}{time.monotonic() - self.started:.0f} s · Ctrl-C stops", "dim"))
        yield self._spinner

    def _growing(self) -> RenderableType | None:
        if self._thoughts.strip():
            return Text(self._thoughts.strip(), "dim italic")
        if len(self._text) > LONG:
            return Text(self._text[-LONG:])
        return Answer(self._text) if self._text.strip() else None

    def _draw(self) -> None:
        began = time.monotonic()
        finished, self._text = split_finished(self._text)
        self._print_text(finished)
        self._live.refresh()
        pause = max(FRAME, 5 * (time.monotonic() - began))  # the events have most of the time
        self._timer = asyncio.get_running_loop().call_later(pause, self._draw)

    def _print_text(self, text: str) -> None:
        if text.strip():
            self._print("text", Answer(text))

    def _print(self, kind: str, part: RenderableType) -> None:
        gap = [] if kind == self._last_printed == "tool" else [""]
        self._last_printed = kind
        self._console.print(Group(*gap, part))
