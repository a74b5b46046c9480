"""The template's questions, read from copier.yml without Copier."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from streamplate.errors import StreamplateError, UsageProblem
from streamplate.template import unpacked


@dataclass(frozen=True)
class Question:
    """One question. Where its `default` or when it is `asked` follows from other answers, they are Jinja source."""

    key: str
    help: str
    type: str
    multiple: bool
    choices: dict[str, str]
    """Value to label; empty when any value of the type will do."""
    default: Any
    asked: str
    example: str
    """An answer, where there is no default."""
    offered: dict[str, list[str]] = field(default_factory=dict)
    """By framework, the choices that go with it; a framework that is not here goes with all."""


def options(release: str = "") -> list[Question]:
    """Every question that can be answered, in the order they are asked."""
    with unpacked(release) as template:
        return read(template)


def read(template: Path) -> list[Question]:
    """The questions of an unpacked template; computed values (`when: false`) are not questions."""
    specs = load(template)
    found = [
        _question(key, spec if isinstance(spec, dict) else {"default": spec})
        for key, spec in specs.items()
        if not key.startswith("_") and not (isinstance(spec, dict) and spec.get("when") is False)
    ]
    return [replace(each, offered=_offered(specs, each.key)) for each in found]


def _offered(specs: Mapping[str, Any], key: str) -> dict[str, list[str]]:
    """The template's table of what question `key` offers with a framework; it may have none."""
    name = _TABLES.get(key, "")
    table = json.loads(specs[name]["default"]) if name in specs else {}
    return {framework: list(choices) for framework, choices in table.items()}


_TABLES = {"model_provider": "matrix", "deployment": "deployments"}


def typed(answers: Mapping[str, Any], questions: Iterable[Question]) -> dict[str, Any]:
    """`answers` with their keys checked and their text parsed: a list may be `a,b`, nothing at all, or YAML."""
    known = {question.key: question for question in questions}
    for key in answers:
        if key not in known:
            raise _unknown(key, list(known))
    return {key: _parse(known[key], value) if isinstance(value, str) else value for key, value in answers.items()}


def _unknown(key: str, known: list[str]) -> UsageProblem:
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"Did you mean {close[0]}?" if close else f"The questions are: {', '.join(known)}"
    return UsageProblem(f"No question is called {key!r}", hint)


def _parse(question: Question, text: str) -> Any:
    import yaml

    if question.multiple and not text.strip().startswith("["):
        return [item.strip() for item in text.split(",") if item.strip()]
    if question.type == "str" and not question.multiple:
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageProblem(f"{question.key}: {text!r} is not valid YAML") from error


def _question(key: str, spec: Mapping[str, Any]) -> Question:
    return Question(
        key=key,
        help=spec.get("help", ""),
        type=spec.get("type", "yaml"),
        multiple=bool(spec.get("multiselect")),
        choices=_choices(spec.get("choices", {})),
        default=spec.get("default"),
        asked=_condition(spec.get("when", True)),
        example=spec.get("placeholder", ""),
    )


def _choices(choices: Any) -> dict[str, str]:
    if isinstance(choices, str):  # Jinja source: they follow from other answers
        return {}
    pairs = choices.items() if isinstance(choices, dict) else ((c, c) if isinstance(c, str) else c for c in choices)
    return {str(value["value"] if isinstance(value, dict) else value): str(label) for label, value in pairs}


def _condition(when: Any) -> str:
    return "always" if when is True else str(when).strip().removeprefix("{{").removesuffix("}}").strip()


def load(template: Path) -> dict[str, Any]:
    """copier.yml with its `!include`s, later documents over earlier ones, as Copier reads it."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    def documents(paths: Iterable[Path]) -> list[Any]:
        return [part for path in paths for part in yaml.load_all(path.read_bytes(), Loader) if part]

    def include(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> list[Any]:
        return documents(template.glob(loader.construct_scalar(node)))

    Loader.add_constructor("!include", include)
    merged: dict[str, Any] = {}
    try:
        for document in documents(template.glob("copier.y*ml")):
            for part in document if isinstance(document, list) else [document]:
                merged |= part
    except (yaml.YAMLError, TypeError, ValueError) as error:
        raise StreamplateError(f"The template's questions cannot be read: {' '.join(str(error).split())}") from error
    return merged
