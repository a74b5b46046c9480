"""Calling the deployed reference project: with its own commands, and as the AWS tutorial does."""

import json
import subprocess
from collections.abc import Sequence
from typing import Any

import boto3
import pytest

from tests.emulators.agentcore import Emulator

from .projects import SCRIPT, Project, Run, session, text_of

Deployed = tuple[Project, Emulator]


@pytest.fixture
def project(deployed: Deployed) -> Project:
    return deployed[0]


@pytest.fixture
def emulator(deployed: Deployed) -> Emulator:
    return deployed[1]


@pytest.fixture
def arn(emulator: Emulator) -> str:
    (runtime,) = emulator.account.runtimes.values()
    return runtime.arn


def test_the_agent_keeps_a_conversation_for_each_session(project: Project) -> None:
    def ask(question: str, name: str) -> list[Any]:
        return project.run("invoke", "--json", "--session", session(name), question).events

    assert [event["type"] for event in ask("What is 37*12+5?", "ada")][-1] == "RUN_FINISHED"
    assert "37*12+5" in text_of(ask("What was my first question?", "ada"))
    assert "37*12+5" not in text_of(ask("What was my first question?", "eve"))
    assert project.run("sessions", "stop", session("ada")).code == 0
    assert "37*12+5" not in text_of(ask("What was my first question?", "ada"))


def test_an_answer_is_text_on_standard_output_and_nothing_else(project: Project) -> None:
    answer = project.run("invoke", "--session", session("ada"), "What is 37*12+5?")
    assert "449" in answer.out
    assert answer.err == f"· calculator\nGo on with: uv run invoke --session {session('ada')} …\n"


def test_the_client_of_the_aws_tutorial_reads_the_stream(arn: str) -> None:
    client = boto3.client("bedrock-agentcore")
    response = client.invoke_agent_runtime(
        agentRuntimeArn=arn, runtimeSessionId=session("ada"), payload=json.dumps({"prompt": "Count to 9"}).encode()
    )
    assert "text/event-stream" in response["contentType"]
    content = []
    for line in response["response"].iter_lines(chunk_size=10):
        if line:
            text = line.decode("utf-8")
            if text.startswith("data: "):
                content.append(json.loads(text[6:]))
    assert "9" in text_of(content)


def test_events_arrive_while_the_agent_still_answers(arn: str, emulator: Emulator) -> None:
    response = boto3.client("bedrock-agentcore").invoke_agent_runtime(
        agentRuntimeArn=arn, payload=b'{"prompt": "Count to 100"}', runtimeSessionId=session("counter")
    )
    chunks = response["response"]._raw_stream.stream()
    while b"TEXT_MESSAGE_CONTENT" not in next(chunks):
        pass
    (counting,) = [each for key, each in emulator.sessions.running.items() if key[2] == session("counter")]
    assert counting.running == 1  # the emulator is still relaying
    rest = b"".join(chunks)
    assert rest.count(b"TEXT_MESSAGE_CONTENT") > 50
    assert b"RUN_FINISHED" in rest


def test_what_the_agent_prints_can_be_read(project: Project) -> None:
    assert project.run("invoke", "--session", session("ada"), "hello").code == 0
    lines = project.run("logs", "--json").json
    assert any("run success" in line["message"] for line in lines)
    assert project.run("logs").out.count("\n") >= len(lines)


def test_a_busy_service_is_asked_again(project: Project, emulator: Emulator) -> None:
    emulator.faults.add("InvokeAgentRuntime", "ThrottlingException", times=2)
    assert project.run("invoke", "--session", session("ada"), "hello").code == 0


def test_only_what_the_agent_never_saw_is_sent_again(project: Project, emulator: Emulator) -> None:
    before = len(emulator.calls)
    emulator.faults.add("InvokeAgentRuntime", "InternalServerException", "it broke")
    failed = project.run("invoke", "--session", session("ada"), "hello")
    assert failed.code == 1
    assert "it broke" in failed.err
    assert [name for name, _ in emulator.calls[before:]].count("InvokeAgentRuntime") == 1


def test_stopping_a_session_that_does_not_run_says_so(project: Project) -> None:
    stopped = project.run("sessions", "stop", session("nobody"))
    assert stopped.code == 1
    assert "is not running" in stopped.err


def run_in(project: Project, *command: str, options: Sequence[str] = ()) -> Run:
    """A command in Ada's session."""
    return project.run("sessions", "exec", session("ada"), *options, "--", *command)


def test_a_command_runs_beside_the_agent_and_ends_us_with_its_code(project: Project) -> None:
    ran = run_in(project, "echo $AGENT_NAME; echo wrong >&2; exit 7")
    assert (ran.code, ran.out, ran.err) == (7, "my_agent\n", "wrong\n")
    assert run_in(project, "echo", "a  b", "$AGENT_NAME", "--json").out == "a  b $AGENT_NAME --json\n"
    assert "main.py" in run_in(project, "ls").out

    ran = run_in(project, "echo ä; exit 3", options=["--json"])
    assert (ran.code, [json.loads(line) for line in ran.out.splitlines()]) == (
        3,
        [
            {"contentStart": {}},
            {"contentDelta": {"stdout": "ä\n"}},
            {"contentStop": {"exitCode": 3, "status": "COMPLETED"}},
        ],
    )


def test_its_output_comes_while_it_runs(project: Project) -> None:
    command = [project.python, "-c", SCRIPT.format("sessions"), "exec", session("ada"), "--", "echo begun; sleep 60"]
    with subprocess.Popen(command, cwd=project.path, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout and running.stdout.readline() == "begun\n"
        assert running.poll() is None
        running.kill()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["exec", "short", "--", "ls"], "runtimeSessionId"),
        (["exec", session("ada"), "--endpoint", "none", "--", "ls"], "none"),
        (["exec", session("ada"), "--timeout", "1", "--", "sleep 60"], "The command was ended after 1 seconds."),
        (["exec", session("ada")], "Give a command."),
        (["exec", session("ada"), "--"], "Give a command."),
        (["stop", session("ada"), "--", "ls"], "`sessions stop` takes no command."),
    ],
)
def test_a_command_that_cannot_run_says_why(project: Project, arguments: list[str], told: str) -> None:
    ran = project.run("sessions", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert told in ran.err and "Traceback" not in ran.err


@pytest.mark.parametrize("seconds", ["0", "3601", "9" * 26, "soon"])
def test_the_time_of_a_command_is_bounded(project: Project, seconds: str) -> None:
    ran = project.run("sessions", "exec", session("ada"), "--timeout", seconds, "--", "ls")
    assert (ran.code, "give 1 to 3600 seconds" in ran.err) == (2, True)


def test_aws_sdk_reads_the_output_too(project: Project, arn: str) -> None:
    answer = boto3.client("bedrock-agentcore").invoke_agent_runtime_command(
        agentRuntimeArn=arn, runtimeSessionId=session("ada"), body={"command": "echo hello"}
    )
    chunks = [event["chunk"] for event in answer["stream"]]
    assert chunks[1:] == [
        {"contentDelta": {"stdout": "hello\n"}},
        {"contentStop": {"exitCode": 0, "status": "COMPLETED"}},
    ]


ASKED = """
import json
from ag_ui.core import Interrupt
from deploy.invoke import _person
page = {"authorizationUrl": "https://allow.example/it"}
yes = {"properties": {"approved": {"type": "boolean"}}}
fields = {"properties": {"colour": {"type": "string"}, "count": {"type": "integer"}}}
asks = [Interrupt(id="1", reason="r", message="Allow it: https://allow.example/it", metadata=page, response_schema=yes)]
asks += [Interrupt(id=id, reason="r", message="Which?", response_schema=fields) for id in "23"]
print(json.dumps([_person(ask) for ask in asks]))
"""


def test_what_the_agent_asks_is_answered_in_the_terminal(project: Project) -> None:
    done = subprocess.run(
        [project.python, "-c", ASKED], cwd=project.path, input="y\nred\n3\n", capture_output=True, text=True
    )
    assert json.loads(done.stdout) == [True, {"colour": "red", "count": 3}, None], done.stderr
    assert "? Allow it: https://allow.example/it\n  [y]es, [n]o: " in done.stderr
