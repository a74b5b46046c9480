"""`streamplate options`: the questions as the template asks them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from click.testing import Result
from streamplate import questions

Command = Callable[..., Result]


def test_every_question_with_its_choices_and_default(streamplate: Command) -> None:
    told = {question["key"]: question for question in json.loads(streamplate("options", "--json").output)}
    assert next(iter(told)) == "project_name"
    assert told["tools"]["multiple"] is True
    assert told["tools"]["choices"]["weather"].startswith("Weather")
    assert told["tools"]["default"] == ["weather", "time", "calculator"]
    assert told["framework"]["asked"] == "always"
    assert "package_name" not in told


def test_for_people(streamplate: Command) -> None:
    output = streamplate("options").output
    assert re.search(r"tools  \(list\)\n  Tools the agent can call\n    weather +Weather \(", output)
    assert "Default: weather,time,calculator" in output
    assert re.search(r"    bedrock +Amazon Bedrock\n    anthropic +Anthropic \(not with openai-agents\)", output)
    assert "--preset\n  Answers that go together\n  minimal     One tool" in output


def test_conditions_and_forms_of_choices(tmp_path: Path) -> None:
    (tmp_path / "more.yml").write_text("size:\n  choices: [s, m]\n  when: \"{{ shape == 'round' }}\"\n")
    (tmp_path / "copier.yml").write_text(
        "_subdirectory: x\nshape:\n  choices:\n    - [Round, round]\n    - [Square, {value: square}]\n"
        "computed: {when: false, default: 1}\n---\n!include more.yml\n"
    )
    shape, size = questions.read(tmp_path)
    assert (shape.key, shape.choices, shape.asked) == ("shape", {"round": "Round", "square": "Square"}, "always")
    assert (size.key, size.choices, size.asked) == ("size", {"s": "s", "m": "m"}, "shape == 'round'")
