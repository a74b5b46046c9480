"""What the commands say while they work. It goes to standard error: standard output holds results only."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.status import Status


class Step:
    """A step that is under way; `note` is what its line will say when it is done."""

    def __init__(self, title: str, status: Status) -> None:
        self.title, self.status, self.note = title, status, ""

    def progress(self, text: str) -> None:
        """Show how far the step is."""
        self.status.update(f"{self.title}: {escape(text)}")


class Report:
    """One line for each step: a spinner where someone is looking; in a log, a line when it begins, too."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """A step; its line is printed once it has succeeded."""
        if not self.console.is_terminal:
            self.say(f"… {title}")
        with self.console.status(title) as status:
            step = Step(title, status)
            yield step
        note = f"  [dim]{escape(step.note)}[/]" if step.note else ""
        self.console.print(f"[green]✓[/] {escape(title)}{note}")

    def failure(self, message: str, hint: str) -> None:
        """What went wrong, and what to do."""
        self.console.print(message, style="red", markup=False)
        if hint:
            self.say(hint)

    def say(self, text: str) -> None:
        """A line between steps."""
        self.console.print(escape(text))
