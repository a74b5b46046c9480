"""Which projects are rendered in the tests: subsets of the tools with every protocol, and every pair of answers."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

from covertable import make
from streamplate import Question, questionnaire

OF_A_DEPLOYMENT = {"auth", "memory", "observability"}
"""Questions that are asked of projects that are deployed."""


@cache
def questions() -> list[Question]:
    """The template's questions."""
    return questionnaire.written()


def choices() -> dict[str, list[Any]]:
    """The answers that each question with choices can be given; for a list: none, each alone, and all."""
    found: dict[str, list[Any]] = {}
    for question in questions():
        if question.choices:
            values = list(question.choices)
            found[question.key] = [[], *([value] for value in values), values] if question.multiple else values
    return found


def matrix() -> dict[str, list[str]]:
    """The frameworks with the model providers that each is offered with."""
    question = next(question for question in questions() if question.key == "model_provider")
    return question.offered["framework"]


def pairs() -> list[dict[str, Any]]:
    """A covering array: any two answers occur together in one of these."""
    factors = {key: [tuple(v) if isinstance(v, list) else v for v in values] for key, values in choices().items()}
    constraints = [constraint(question) for question in questions() if question.offered]
    return [plain(row) for row in make(factors, strength=2, constraints=constraints)]


def constraint(question: Question) -> dict[str, Any]:
    """What goes together, as the template's table says."""

    def fits(row: dict[str, Any]) -> bool:
        answer = row[question.key]
        chosen = answer if question.multiple else (answer,)
        return set(chosen) <= set(question.fitting(row))

    return {"operator": "fn", "requires": [*question.offered, question.key], "evaluate": fits}


def tools_by_protocol() -> list[dict[str, Any]]:
    """Every subset of the default tools, each other tool alone, and all of them, with every protocol."""
    question = next(question for question in questions() if question.key == "tools")
    default = question.default
    subsets = [list(subset) for size in range(len(default) + 1) for subset in itertools.combinations(default, size)]
    others = [[tool] for tool in question.choices if tool not in default]
    protocols = choices()["protocol"]
    return [
        {"tools": tools, "protocol": protocol}
        for tools in [*subsets, *others, list(question.choices)]
        for protocol in protocols
    ]


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """Answers: lists for tuples, which can be compared; with what an answer needs, without what it leaves unasked."""
    answers = {key: list(value) if isinstance(value, tuple) else value for key, value in row.items()}
    if not answers["deployment"]:
        return {key: answer for key, answer in answers.items() if key not in OF_A_DEPLOYMENT}
    if answers["auth"] == "jwt":
        answers["jwt_discovery_url"] = "https://issuer.example/.well-known/openid-configuration"
    return answers


def name(answers: dict[str, Any]) -> str:
    """A short name for a test."""
    return "-".join("+".join(value) or "none" if isinstance(value, list) else str(value) for value in answers.values())
