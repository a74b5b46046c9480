"""The package from Python: what the command does, as five functions."""

from __future__ import annotations

import inspect
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import streamplate
import yaml

FUNCTIONS = [streamplate.check, streamplate.configure, streamplate.new, streamplate.options, streamplate.update]


def commit(project: Path) -> None:
    subprocess.run(["git", "commit", "-qam", "mine"], cwd=project, check=True)


def test_a_projects_life(publish: Callable[..., None], tmp_path: Path) -> None:
    publish({"agent.py": "1\n"}, {"agent.py": "2\n"})
    made = streamplate.new("my-agent", {"tools": ["time"]}, release="0.1.0")
    assert (made.path, made.release, made.answers) == (
        tmp_path / "my-agent",
        "v0.1.0",
        {"project_name": "my-agent", "tools": ["time"]},
    )
    assert streamplate.check("my-agent").status == "outdated"
    assert "+2\n" in streamplate.update("my-agent", streamplate.UpdateRequest(preview=True)).diff
    assert streamplate.update("my-agent").changed == [".copier-answers.yml", "agent.py"]
    commit(made.path)
    report = streamplate.configure("my-agent", {"tools": ["time", "weather"]})
    assert (report.status, report.changed) == ("updated", [".copier-answers.yml"])
    commit(made.path)
    (health,) = streamplate.check([made.path])
    assert streamplate.check(made.path) == health
    assert dir(streamplate) == sorted(streamplate.__all__)
    assert (health.fine, health.release, health.newest) == (True, "v0.2.0", "v0.2.0")


def test_failures_are_of_one_kind() -> None:
    with pytest.raises(streamplate.UsageProblem) as refused:
        streamplate.configure(".", {"tools": []})
    assert isinstance(refused.value, streamplate.StreamplateError)
    assert refused.value.as_dict()["exit_code"] == 2


def test_what_is_made_can_be_looked_at_before_it_is_written(publish: Callable[..., None]) -> None:
    publish({"agent.py": "1\n"})
    seen: list[streamplate.NewProject] = []

    def refuse(made: streamplate.NewProject) -> None:
        seen.append(made)
        raise streamplate.StreamplateError("no")

    with pytest.raises(streamplate.StreamplateError, match="no"):
        streamplate.new("my-agent", review=refuse)
    assert seen[0].files == [".copier-answers.yml", "agent.py"]
    assert not Path("my-agent").exists()


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_everything_is_typed_and_explained(function: Callable[..., object]) -> None:
    signature = inspect.signature(function)
    assert function.__name__ in streamplate.__all__
    assert inspect.getdoc(function)
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(parameter.annotation is not parameter.empty for parameter in signature.parameters.values())


def test_a_default_follows_the_choice_that_it_came_from(tmp_path: Path) -> None:
    made = streamplate.new(tmp_path / "my-agent", {"tools": []})
    assert made.answers["model_id"] == "claude-sonnet-4-6"
    streamplate.configure(made.path, {"model_provider": "openai"})
    assert recorded(made.path)["model_id"] == "gpt-5.1"
    commit(made.path)
    streamplate.configure(made.path, {"model_id": "gpt-5.1-mini"})
    commit(made.path)
    streamplate.configure(made.path, {"framework": "langgraph"})
    assert recorded(made.path)["model_id"] == "gpt-5.1-mini", "what the owner chose is theirs"


def recorded(project: Path) -> dict[str, object]:
    answers: dict[str, object] = yaml.safe_load((project / ".copier-answers.yml").read_text())
    return answers
