"""The questions on a terminal: in sections, each as "n of m", and each answer as one line.

Copier asks through questionary, which finds its prompts in `AVAILABLE_PROMPTS`; ours take their place there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from streamplate import dumb_terminal, questionnaire, questions
from streamplate.errors import UsageProblem
from streamplate.questions import Question, in_words
from streamplate.render import Ask

Prompt = Callable[..., Any]
"""Makes a question of questionary from its message and, by name, much else."""

Form = Callable[[Path, Mapping[str, Any]], AbstractContextManager[Ask]]
"""How a person is asked what the answers leave open for a template: what `Render` is to ask, while this lasts."""


@contextmanager
def none(template: Path, given: Mapping[str, Any]) -> Iterator[Ask]:
    """Nothing is asked."""
    yield False


@contextmanager
def full(template: Path, given: Mapping[str, Any]) -> Iterator[Ask]:
    """Everything is asked."""
    asked = questions.read(template)
    is_open = any(each.key not in given and each.asked == "always" for each in asked)
    if is_open:
        click.echo(_introduction())
    with _prompts(_progress(template, questionnaire.expected(template, asked, given) if is_open else [], given)):
        yield True


@contextmanager
def quick(template: Path, given: Mapping[str, Any]) -> Iterator[Ask]:
    """The few questions are asked that the template names in its value `quick`."""
    named = questions.constant(template, "quick")
    if not isinstance(named, list):
        raise UsageProblem("This template does not say which questions --quick asks", "Leave --quick out")
    open_ones = [key for key in named if key not in given]
    if open_ones:
        click.echo(_introduction())
    with _prompts(_progress(template, open_ones, given)):
        yield open_ones


def _introduction() -> str:
    if dumb_terminal.is_dumb():
        return "Enter keeps the default, which stands in brackets. Ctrl-C stops."
    return "Enter keeps the default, Ctrl-U clears it. Arrows move, Space marks. Ctrl-C stops."


@contextmanager
def _prompts(progress: _Progress) -> Iterator[None]:
    from questionary.prompts import AVAILABLE_PROMPTS as available

    before: dict[str, Any] = dict(available)
    plain = dumb_terminal.PROMPTS if dumb_terminal.is_dumb() else {}
    prompts = plain or {kind: _one_line(prompt, kind) for kind, prompt in before.items()}
    available.update({kind: _counted(prompt, progress) for kind, prompt in prompts.items()})
    try:
        yield
    finally:
        available.update(before)


@dataclass
class _Progress:
    """What may still be asked, and how far that is."""

    left: list[Question]
    expected: set[str]
    """Keys of those that are asked if all answers are defaults."""
    sections: Mapping[str, str]
    """By key, the title above a question and those after it."""
    asked: int = 0
    title: str = ""

    def place(self, message: str) -> str:
        """Key of the question that Copier puts as `message`, its first line where the template has none such."""
        text = message.strip()
        at = next((at for at, each in enumerate(self.left) if text in (each.help.strip(), _untold(each))), -1)
        passed, self.left = self.left[: at + 1], self.left[at + 1 :]
        self.asked += 1
        titles = [self.sections[each.key] for each in passed if each.key in self.sections]
        if titles and titles[-1] != self.title:
            self.title = titles[-1]
            click.echo("\n" + click.style(self.title, bold=True))
        return passed[-1].key if passed else text.split("\n")[0]

    @property
    def shown(self) -> str:
        return f"{self.asked} of {self.asked + sum(each.key in self.expected for each in self.left)}"


def _progress(template: Path, expected: Iterable[str], given: Mapping[str, Any]) -> _Progress:
    sections = questions.constant(template, "sections")
    titles = sections if isinstance(sections, dict) else {}
    return _Progress(questions.read(template), set(expected) - set(given), titles)


def _untold(question: Question) -> str:
    """What Copier puts for a question without a text."""
    return question.key if question.type == "str" else f"{question.key} ({question.type})"


def _counted(prompt: Prompt, progress: _Progress) -> Prompt:
    def ask(message: str, **options: Any) -> Any:
        key = progress.place(message)
        return prompt(f"{progress.shown}  {message.strip()}", key=key, **options)

    return ask


_INSTRUCTIONS = {"select": " ", "checkbox": "(Space marks, Enter goes on)"}


def _one_line(prompt: Prompt, kind: str) -> Prompt:
    """Of a question that is answered, its key and the answer stay on the screen."""

    def ask(message: str, *, key: str, **options: Any) -> Any:
        options |= {"qmark": "", "erase_when_done": True}
        if kind in _INSTRUCTIONS:
            options |= {"instruction": _INSTRUCTIONS[kind]}
        elif kind != "confirm":
            message += "\n "
        return _Answered(key, prompt(message, **options), hidden=kind == "password")

    return ask


@dataclass(frozen=True)
class _Answered:
    """A question of questionary, which says its answer."""

    key: str
    question: Any
    hidden: bool

    def unsafe_ask(self, patch_stdout: bool = False) -> Any:
        answer = self.question.unsafe_ask(patch_stdout)
        shown = "(not shown)" if self.hidden else in_words(answer)
        click.echo(f"  {self.key:<15} {click.style(shown, fg='cyan')}")
        return answer
