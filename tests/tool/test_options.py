"""`streamplate options`: the questions as the template asks them."""

from __future__ import annotations

import json
import re
import subprocess
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
    assert told["deployment"]["offered"]["framework"]["crewai"] == ["container"]
    assert "package_name" not in told


def test_defaults_are_what_a_project_gets(streamplate: Command) -> None:
    told = {question["key"]: question for question in json.loads(streamplate("options", "--json").output)}
    answers = json.loads(streamplate("new", "my-agent", "--defaults", "--dry-run", "--json").output)["answers"]
    assert {key: told[key]["default"] for key in answers} == answers
    computed = [key for key, question in told.items() if question["computed"]]
    assert computed == ["project_name", "model_id", "clients", "deployment"]


def test_no_condition_is_told_in_jinja(streamplate: Command) -> None:
    told = json.loads(streamplate("options", "--json").output)
    assert [question["asked"] for question in told if re.search(r"[=|>(]", question["asked"])] == []


def test_for_people(streamplate: Command) -> None:
    output = streamplate("options").output
    assert re.search(r"tools  \(list\)\n  Tools the agent can call\n    weather +Weather \(", output)
    assert "Default: weather,time,calculator" in output
    assert "Asked when the project is deployed" in output
    assert re.search(r"    bedrock +Amazon Bedrock\n    anthropic +Anthropic \(not with openai-agents\)", output)
    assert "AgentCore Memory" in output
    assert "--preset\n  Answers that go together\n  minimal     One tool" in output


def test_one_question(streamplate: Command) -> None:
    assert streamplate("options", "ci").output.splitlines()[0] == "ci"
    assert [question["key"] for question in json.loads(streamplate("options", "ci", "tools", "--json").output)] == [
        "ci",
        "tools",
    ]
    unknown = streamplate("options", "tool")
    assert (unknown.exit_code, "Did you mean tools?" in unknown.stderr) == (2, True)


OTHER = """\
_subdirectory: project
shape: {type: str, default: round}
size: {type: int, default: "{{ shape | length }}", when: "{# the shape is round #}{{ shape == 'round' }}"}
colour: {type: str, placeholder: red}
"""


def test_the_questions_of_another_template(streamplate: Command, tmp_path: Path) -> None:
    """They are read before anyone trusts it: none of its code is run."""
    template = repository(tmp_path / "theirs", OTHER + "_tasks: [touch ran]\n")

    output = streamplate("options", "--template", template).output

    assert "size\n  Default: follows from other answers\n  Asked when the shape is round" in output
    assert "colour\n  Default: none; for instance red" in output
    assert "--preset" not in output
    assert json.loads(streamplate("options", "size", "--template", template, "--json").output)[0]["default"] == 5
    assert not [*tmp_path.rglob("ran")]


def test_a_default_that_cannot_be_had_stays_as_it_is_written(streamplate: Command, tmp_path: Path) -> None:
    template = repository(tmp_path / "theirs", OTHER + "_jinja_extensions: [theirs.Extension]\n")

    told = {
        question["key"]: question
        for question in json.loads(streamplate("options", "--template", template, "--json").output)
    }

    assert told["size"]["default"] == "{{ shape | length }}"


def repository(folder: Path, questions: str) -> Path:
    """A template in a git repository, released as v1."""
    (folder / "project").mkdir(parents=True)
    (folder / "project" / "a.txt").write_text("a")
    (folder / "copier.yml").write_text(questions)
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "1"], ["tag", "v1"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def test_conditions_and_forms_of_choices(tmp_path: Path) -> None:
    (tmp_path / "more.yml").write_text("size:\n  choices: [s, m]\n  when: \"{{ shape == 'round' }}\"\n")
    (tmp_path / "copier.yml").write_text(
        "_subdirectory: x\nshape:\n  choices:\n    - [Round, round]\n    - [Square, {value: square}]\n"
        "computed: {when: false, default: 1}\n---\n!include more.yml\n"
    )
    shape, size = questions.read(tmp_path)
    assert (shape.key, shape.choices, shape.asked) == ("shape", {"round": "Round", "square": "Square"}, "always")
    assert (size.key, size.choices, size.asked) == ("size", {"s": "s", "m": "m"}, "shape == 'round'")
