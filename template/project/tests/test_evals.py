"""The evaluation, offline: the questions can be met, and what does not meet them is noticed."""

import json

import pytest

from evals import Answer, Question, command, evaluate, problems, questions
from local_model.server import Fault, LocalModel


def test_every_question_passes(agent_url: str, local_model: LocalModel) -> None:
    results = list(evaluate(agent_url, questions()))

    assert [result.problems for result in results] == [[] for _ in questions()]
    assert all(result.tokens for result in results)


def test_a_failed_run_is_a_problem(agent_url: str, local_model: LocalModel) -> None:
    local_model.faults.append(Fault("denied"))

    (result,) = evaluate(agent_url, questions()[:1])

    assert result.problems[0].startswith("model_access_denied: ")


def test_what_was_not_called_and_what_was_are_told_apart() -> None:
    question = Question("?", [("add", {"a": 1})], ["Three"])
    answer = Answer(text="four", calls={"1": ("add", '{"a": 2}')})

    assert list(problems(question, answer)) == ["did not call add(a=1)", "called add(a=2)", "does not say 'Three'"]


def test_the_command_reports_and_its_exit_code_tells(
    agent_url: str, local_model: LocalModel, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    local_model.faults.append(Fault("denied"))
    monkeypatch.setattr("sys.argv", ["evals", "--url", agent_url, "--json"])

    with pytest.raises(SystemExit) as stopped:
        command.main()

    assert stopped.value.code == 1
    assert [bool(result["problems"]) for result in json.loads(capsys.readouterr().out)].count(True) == 1


def test_an_agent_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["evals", "--url", "http://127.0.0.1:9"])

    with pytest.raises(SystemExit, match="uv run serve"):
        command.main()
