"""Copier says in English alone which answer it refuses: the newest one has to use the words that we read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import streamplate

NARROW = "{% if shape == 'round' %}not when round{% endif %}"
QUESTIONS = f"""\
_subdirectory: template/project
name: {{type: str, default: ada, validator: "{{% if ' ' in name %}}no  spaces{{% endif %}}"}}
shape: round
size: {{choices: {{Small: s, Large: {{value: l, validator: "{NARROW}"}}}}, default: s}}
colours: {{type: str, multiselect: true, choices: [red, green], default: [red]}}
"""
NO_DEFAULT = "_subdirectory: template/project\nname: {type: str}\n"


@pytest.mark.parametrize(
    ("questions", "answers", "message", "hint"),
    [
        (QUESTIONS, {"name": "a b"}, "name: no spaces", ""),
        (
            QUESTIONS,
            {"shape": "flat", "size": "x"},
            "size: 'x' is not one of its choices",
            "Choose from: s, l; as in -d size=s",
        ),
        (QUESTIONS, {"size": "l"}, "size: not when round", ""),
        (
            QUESTIONS,
            {"colours": ["blue"]},
            "colours: 'blue' is not one of its choices",
            "Choose from: red, green; as in -d colours=red",
        ),
        (NO_DEFAULT, {}, "name has no default", "Answer it: -d name=…"),
    ],
)
def test_a_refused_answer_is_said_in_our_words(
    publish: Callable[..., None], questions: str, answers: dict[str, Any], message: str, hint: str
) -> None:
    publish({"copier.yml": questions})
    with pytest.raises(streamplate.UsageProblem) as refused:
        streamplate.new("x", answers)
    assert (refused.value.message, refused.value.hint) == (message, hint)
