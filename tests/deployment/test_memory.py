"""A project that keeps its conversations in AgentCore Memory: they go on after their session's process has ended."""

from collections.abc import Callable

from tests.emulators.agentcore import Emulator

from .iam_lint import findings
from .projects import Project, session, text_of

MEMORY = "conversations-AbCdEf1234"


def test_a_conversation_outlives_its_process(variant: Callable[..., Project], cloud: Emulator) -> None:
    project = variant(memory="agentcore")
    project.configure(memory=MEMORY)
    file = project.path / "deploy.toml"
    url = f'[environment]\nAWS_ENDPOINT_URL_BEDROCK_AGENTCORE = "{cloud.url}"'
    file.write_text(file.read_text().replace("[environment]", url, 1))
    assert project.run("deploy", "--no-check").code == 0

    def ask(question: str, name: str) -> str:
        run = project.run("invoke", "--json", "--session", session(name), question)
        return text_of(run.events) if run.code == 0 else run.err

    assert "449" in ask("What is 37*12+5?", "ada")
    assert project.run("sessions", "stop", session("ada")).code == 0
    assert "37*12+5" in ask("What was my first question?", "ada")
    assert "37*12+5" not in ask("What was my first question?", "eve")
    assert {key[0] for key in cloud.memory.events} == {MEMORY}

    kept = cloud.memory.events[MEMORY, "caller", session("ada")]
    assert [len(event["payload"]) for event in kept] == [5, 3]  # the texts of a turn, and all of it as it is
    cloud.faults.add("CreateEvent", "ServiceException", "no room", times=9)
    assert "(memory_failed)" in ask("Count to 3", "ada")
    assert len(kept) == 2


def test_the_stack_makes_a_memory_unless_one_is_named(variant: Callable[..., Project], cloud: Emulator) -> None:
    project = variant(memory="agentcore")
    assert project.run("deploy", "--no-check").code == 0
    (memory,) = cloud.memory.memories.values()
    (runtime,) = cloud.account.runtimes.values()
    assert runtime.latest.config["environmentVariables"]["MEMORY_ID"] == memory["id"]
    assert project.run("destroy", "--yes").code == 0
    assert not cloud.memory.memories


def test_a_conversation_is_kept_on_session_storage(variant: Callable[..., Project], cloud: Emulator) -> None:
    project = variant(memory="session-storage")
    assert project.run("deploy", "--no-check").code == 0

    def ask(question: str, name: str) -> str:
        return text_of(project.run("invoke", "--json", "--session", session(name), question).events)

    assert "449" in ask("What is 37*12+5?", "ada")
    assert project.run("sessions", "stop", session("ada")).code == 0
    assert "37*12+5" in ask("What was my first question?", "ada")
    assert "37*12+5" not in ask("What was my first question?", "eve")


def test_the_agent_may_use_its_memory_and_no_other(variant: Callable[..., Project]) -> None:
    project = variant(memory="agentcore")
    project.configure(memory=MEMORY)
    policy = project.run("deploy", "--dry-run", "--json").json["policies"]["execution role"]
    assert findings(policy) == []
    (statement,) = [each for each in policy["Statement"] if each["Sid"] == "Conversations"]
    assert [each.rpartition("/")[2] for each in statement["Resource"]] == [MEMORY]
