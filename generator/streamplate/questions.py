"""The template's questions, read from copier.yml without Copier."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from streamplate.errors import StreamplateError, UsageProblem


@dataclass(frozen=True)
class Question:
    """One question. As `read` from the template, a `default` that follows from other answers is Jinja source."""

    key: str
    help: str
    type: str
    multiple: bool
    choices: dict[str, str]
    """Value to label; empty when any value of the type will do."""
    default: Any
    computed: bool
    """Whether the default follows from other answers."""
    asked: str
    """`always`, or when, in words; Jinja source where the template has none."""
    example: str
    """An answer, where there is no default."""
    secret: bool = False
    """Whether a project does not record the answer."""
    offered: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """By another question and an answer to it, the choices that go with it; all go with an answer that is not here."""

    def fitting(self, answers: Mapping[str, Any]) -> list[str]:
        """The choices that go with `answers` to other questions."""
        limits = [limit[answers[other]] for other, limit in self.offered.items() if answers.get(other) in limit]
        return [choice for choice in self.choices if all(choice in limit for limit in limits)]


def read(template: Path) -> list[Question]:
    """The questions of an unpacked template; computed values (`when: false`) are not questions."""
    specs = load(template)
    secret = specs.get("_secret_questions", [])
    found = [
        _question(key, spec if isinstance(spec, dict) else {"default": spec}, key in secret)
        for key, spec in specs.items()
        if not key.startswith("_") and not (isinstance(spec, dict) and spec.get("when") is False)
    ]
    return [replace(each, offered=_offered(specs, each.key)) for each in found]


def _offered(specs: Mapping[str, Any], key: str) -> dict[str, dict[str, list[str]]]:
    """What the template's table `offered`, if it has one, says of question `key`."""
    table = _constant(specs, "offered")
    if not isinstance(table, dict) or not all(isinstance(rows, dict) for rows in table.values()):
        return {}  # another template's value of that name
    limits = {other: {answer: row[key] for answer, row in rows.items() if key in row} for other, rows in table.items()}
    return {other: limit for other, limit in limits.items() if limit}


def constant(template: Path, key: str) -> Any:
    """A value that the template computes without asking (`when: false`), as it is written; None without such a one."""
    return _constant(load(template), key)


def _constant(specs: Mapping[str, Any], key: str) -> Any:
    spec = specs.get(key)
    return spec.get("default") if isinstance(spec, dict) and spec.get("when") is False else None


def named(questions: Iterable[Question], keys: Sequence[str]) -> list[Question]:
    """The questions with those keys; all of them without any key."""
    known = {question.key: question for question in questions}
    if unknown := next((key for key in keys if key not in known), ""):
        raise _unknown(unknown, list(known))
    return [known[key] for key in keys] or list(known.values())


def in_words(answer: Any) -> str:
    """An answer as people read it."""
    if isinstance(answer, list):
        return ", ".join(map(str, answer)) or "none"
    return {True: "yes", False: "no"}[answer] if isinstance(answer, bool) else str(answer)


NOTHING: Mapping[str, Any] = {}


def typed(
    answers: Mapping[str, Any], questions: Iterable[Question], had: Mapping[str, Any] = NOTHING
) -> dict[str, Any]:
    """`answers` with their keys checked and their text parsed: a list may be `a,b`, nothing at all, or YAML.

    `+a,-b` changes the list that there is: that of `had`, else the default.
    """
    known = {question.key: question for question in questions}
    for key in answers:
        if key not in known:
            raise _unknown(key, list(known))
    return {
        key: _parse(known[key], value, had.get(key, known[key].default)) if isinstance(value, str) else value
        for key, value in answers.items()
    }


def refuse_unasked(given: Mapping[str, Any], questions: Iterable[Question], recorded: Mapping[str, Any]) -> None:
    """Raise for an answer to a question that the other answers leave out: it would change nothing."""
    asked = {question.key: question.asked for question in questions if not question.secret}
    if unasked := [key for key in given if key in asked and key not in recorded]:
        when = "; ".join(f"{key} is asked only when {asked[key]}" for key in unasked)
        raise UsageProblem(f"These answers would change nothing: {', '.join(unasked)}", when)


def _unknown(key: str, known: list[str]) -> UsageProblem:
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"Did you mean {close[0]}?" if close else f"The questions are: {', '.join(known)}"
    return UsageProblem(f"No question is called {key!r}", hint)


def _changed(question: Question, items: list[str], had: Any) -> list[str]:
    """The list that there is, with what `+` adds and without what `-` takes away."""
    if not all(item[0] in "+-" for item in items) or not isinstance(had, list):
        hint = f"Name all of them, -d {question.key}=a,b, or begin each with + or -"
        raise UsageProblem(f"{question.key}: {', '.join(items)} is neither a list nor a change of one", hint)
    removed = {item[1:] for item in items if item[0] == "-"}
    if absent := removed - set(map(str, had)):
        raise UsageProblem(f"{question.key}: {', '.join(sorted(absent))} is not among {in_words(had)}")
    added = [item[1:] for item in items if item[0] == "+" and item[1:] not in map(str, had)]
    return [item for item in had if str(item) not in removed] + added


def _parse(question: Question, text: str, had: Any = None) -> Any:
    import yaml

    if question.multiple and not text.strip().startswith("["):
        items = [item.strip() for item in text.split(",") if item.strip()]
        return _changed(question, items, had) if any(item[0] in "+-" for item in items) else items
    if not question.multiple and (question.type in ("str", "path") or "{" in question.type):
        return text  # of a type that follows from other answers Copier makes what it is
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageProblem(f"{question.key}: {text!r} is not valid YAML") from error


def _question(key: str, spec: Mapping[str, Any], secret: bool) -> Question:
    return Question(
        key=key,
        help=str(spec.get("help") or ""),
        type=spec.get("type") or _type_of(spec.get("default")),
        multiple=bool(spec.get("multiselect")),
        choices=_choices(spec.get("choices", {})),
        default=spec.get("default"),
        computed="{{" in str(spec.get("default")),
        asked=_condition(spec.get("when", True)),
        example=spec.get("placeholder", ""),
        secret=secret or bool(spec.get("secret")),
    )


def _type_of(default: Any) -> str:
    """The type that Copier takes a question for that names none."""
    name = type(default).__name__
    return name if name in ("bool", "float", "int", "str") else "yaml"


def _choices(choices: Any) -> dict[str, str]:
    if isinstance(choices, str):  # Jinja source: they follow from other answers
        return {}
    pairs = choices.items() if isinstance(choices, dict) else (c if isinstance(c, list) else (c, c) for c in choices)
    return {str(value["value"] if isinstance(value, dict) else value): str(label) for label, value in pairs}


def _condition(when: Any) -> str:
    """What a comment says at its beginning, `{# in words #}{{ … }}`; without one the condition itself."""
    if words := re.match(r"\s*{#-?(.*?)-?#}", str(when), re.DOTALL):
        return " ".join(words[1].split())
    return "always" if when is True else str(when).strip().removeprefix("{{").removesuffix("}}").strip()


_ADDED_UP = {"_exclude", "_jinja_extensions", "_secret_questions", "_skip_if_exists"}
"""Settings of which Copier takes the values of all documents."""


def _refuse_odd_names(part: Mapping[Any, Any]) -> None:
    """YAML reads the names `on`, `yes` and `3` as something else than text."""
    if odd := [key for key in part if not isinstance(key, str)]:
        raise ValueError(f"{odd[0]!r} is no name of a question; in quotes it may be one")


def load(template: Path) -> dict[str, Any]:
    """copier.yml with its `!include`s, as Copier reads it: later documents over earlier ones, but some lists joined."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    def documents(paths: Iterable[Path]) -> list[Any]:
        return [part for path in paths for part in yaml.load_all(path.read_bytes(), Loader) if part]

    def include(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> list[Any]:
        found = list(template.glob(loader.construct_scalar(node)))
        if any(not path.resolve().is_relative_to(template.resolve()) for path in found):
            raise ValueError(f"{node.value} is outside the template")
        return documents(found)

    Loader.add_constructor("!include", include)
    merged: dict[str, Any] = {}
    try:
        for document in documents(template.glob("copier.y*ml")):
            for part in document if isinstance(document, list) else [document]:
                _refuse_odd_names(part)
                merged |= part | {key: merged.get(key, []) + part[key] for key in _ADDED_UP & part.keys()}
    except (yaml.YAMLError, TypeError, ValueError, NotImplementedError) as error:
        raise StreamplateError(f"The template's questions cannot be read: {' '.join(str(error).split())}") from error
    return merged
