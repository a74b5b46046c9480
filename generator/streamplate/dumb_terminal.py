"""The questions on a terminal that cannot move its cursor (`TERM=dumb`): a line each, answered by a line.

Each of `PROMPTS` takes what questionary's own of that name takes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Read = Callable[[str], Any]
"""From what was typed to the answer; `ValueError` says why it is none."""


def is_dumb() -> bool:
    """Whether the terminal knows no escape codes; a Windows console has no `TERM` and knows them."""
    return os.environ.get("TERM", "").lower() in ("dumb", "unknown")


@dataclass(frozen=True)
class _Question:
    """One question, as questionary asks it."""

    prompt: str
    default: Any
    read: Read

    def unsafe_ask(self, patch_stdout: bool = False) -> Any:
        while True:
            typed = input(self.prompt).strip()
            if not typed and self.default is not None:
                return self.default
            try:
                return self.read(typed)
            except ValueError as refused:
                print(refused)


def _text(message: str, default: str = "", validate: Callable[[Any], str | bool] | None = None, **_: Any) -> _Question:
    return _Question(_line(message, default), default or None, lambda typed: _valid(typed, validate))


def _confirm(message: str, default: bool = False, **_: Any) -> _Question:
    words = {"y": True, "yes": True, "n": False, "no": False}
    return _Question(_line(message, "y" if default else "n"), default, lambda typed: _named(typed.lower(), words))


def _select(message: str, choices: list[Any], default: Any = None, **_: Any) -> _Question:
    chosen = default.value if default else None
    prompt = _menu(message, choices, _line("  Your choice", chosen))
    return _Question(prompt, chosen, lambda typed: _named(typed, _words(choices)))


def _checkbox(
    message: str, choices: list[Any], validate: Callable[[Any], str | bool] | None = None, **_: Any
) -> _Question:
    checked = [choice.value for choice in choices if choice.checked]
    prompt = _menu(message, choices, _line("  Your choices (a,b or - for none)", ",".join(map(str, checked)) or "-"))
    return _Question(prompt, checked, lambda typed: _valid(_several(typed, _words(choices)), validate))


def _line(message: str, default: object) -> str:
    return f"{message.rstrip()} [{default}]: " if default not in (None, "") else f"{message.rstrip()}: "


def _menu(message: str, choices: list[Any], line: str) -> str:
    listed = [f"  {choice.value}  {choice.title}" for choice in choices if not choice.disabled]
    return "\n".join([message.rstrip(), *listed, line])


def _words(choices: list[Any]) -> dict[str, Any]:
    return {str(choice.value): choice.value for choice in choices if not choice.disabled}


def _several(typed: str, words: dict[str, Any]) -> list[Any]:
    return [] if typed == "-" else [_named(word.strip(), words) for word in typed.split(",")]


def _named(typed: str, words: dict[str, Any]) -> Any:
    if typed not in words:
        raise ValueError(f"One of: {', '.join(words)}")
    return words[typed]


def _valid(answer: Any, validate: Callable[[Any], str | bool] | None) -> Any:
    refused = validate(answer) if validate else True
    if refused is not True:
        raise ValueError(str(refused))
    return answer


PROMPTS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("input", "text", "path", "password"), _text),
    "select": _select,
    "checkbox": _checkbox,
    "confirm": _confirm,
}
"""By questionary's names for them."""
