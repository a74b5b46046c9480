"""The inspector: what it shows of runs, what it never shows, and who may look. Its page is tested in a browser by those
who make the template."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from opentelemetry import trace

from weather_agent import tools
from weather_agent.runs.run import Run
from weather_agent.settings import Settings

from .agent_client import AgentClient
from .test_pauses import resume
from dev import inspector
from dev.inspector.secrets import without_secrets, without_secrets_in_pieces
from dev.local_only import LocalOnly
from local_model.server import Fault, LocalModel
from local_model.serving import served


@pytest.fixture
def url(local_model: LocalModel) -> Iterator[str]:
    """The agent with its inspector, as `uv run serve` serves it."""
    from weather_agent.over_a2a.server import create_app

    app = create_app(Settings(throttle_seconds=5))
    inspector.add_inspector(app)
    with served(LocalOnly(app)) as url:
        yield url
    Run.watchers.clear()


@pytest.fixture
def client(url: str) -> Iterator[AgentClient]:
    with AgentClient(url) as client:
        yield client


def get(url: str) -> Any:
    return httpx.get(url, trust_env=False).raise_for_status().json()


def ended(url: str, number: int) -> dict[str, Any]:
    """A run, once it has ended."""
    limit = time.monotonic() + 10
    while not (run := get(f"{url}/inspector/runs/{number}"))["outcome"]:
        assert time.monotonic() < limit
    return dict(run)


def of(run: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [step for step in run["steps"] if step["kind"] == kind]


def test_a_run_is_shown_with_its_model_calls_and_its_tools(url: str, client: AgentClient) -> None:
    client.ask('call echo {"text": "from the tool"}')

    run = ended(url, 1)
    (first, second), (tool,) = of(run, "model"), of(run, "tool")
    assert (run["outcome"], run["modelCalls"], run["toolCalls"]) == ("success", 2, 1)
    assert (tool["name"], json.loads(tool["arguments"])) == ("echo", {"text": "from the tool"})
    assert tool["result"] == "echo: from the tool"
    assert "call echo" in json.dumps(first["request"]) and "from the tool" in json.dumps(second["request"])
    assert "echo" in json.dumps(first["answer"])
    assert first["began"] <= first["ended"] <= tool["ended"] <= second["began"] <= second["ended"] <= run["durationMs"]
    assert 0 < first["firstMs"] <= first["ended"] - first["began"] + 1
    if run["usage"]:
        assert sum(call["usage"]["input_tokens"] for call in (first, second)) == run["usage"]["inputTokens"]
        assert sum(call["usage"]["output_tokens"] for call in (first, second)) == run["usage"]["outputTokens"]
    assert [event["number"] for event in run["events"]] == list(range(1, len(run["events"]) + 1))
    assert of(run, "span") == []  # frameworks may tell of the same


def test_the_answer_is_put_together(url: str, client: AgentClient) -> None:
    client.ask("Count to 30")

    (call,) = of(ended(url, 1), "model")
    assert " ".join(map(str, range(1, 31))) in json.dumps(call["answer"])
    assert len(call["response"]) >= 30


@pytest.fixture
def measured() -> Iterator[None]:
    """A tool that opens spans of its own."""

    def measure(word: str) -> str:
        """Measure a word.

        Args:
            word: Any word.
        """
        tracer = trace.get_tracer("weather_agent.tools.own")
        with tracer.start_as_current_span("outer", attributes={"word": word}) as span:
            span.add_event("begun")
            with suppress(ValueError), tracer.start_as_current_span("inner"):
                raise ValueError("too long")
            trace.get_tracer("opentelemetry_of_nobody").start_span("chat", attributes={"gen_ai.system": "x"}).end()
            trace.get_tracer("httpx").start_span("of a library").end()
        return str(len(word))

    tools.TOOLS.append(tools.tool(measure))
    yield
    tools.TOOLS.pop()


def test_spans_of_own_code_are_in_the_timeline(url: str, client: AgentClient, measured: None) -> None:
    client.ask('call measure {"word": "Bearer abcdefgh"}')
    client.ask("Count to 3")

    run = ended(url, 1)
    (outer, inner), (tool,) = of(run, "span"), of(run, "tool")
    assert (outer["name"], outer["attributes"], outer["code"]) == ("outer", {"word": "Bearer [hidden]"}, "")
    assert [event["name"] for event in outer["events"]] == ["begun"]
    assert (inner["name"], inner["code"], inner["message"]) == ("inner", "error", "ValueError: too long")
    assert outer["began"] <= inner["began"] <= inner["ended"] <= outer["ended"]
    assert tool["began"] - 20 <= outer["began"] and outer["ended"] <= tool["ended"] + 20
    assert of(ended(url, 2), "span") == []


def test_tries_and_the_waits_between_them_are_shown(url: str, client: AgentClient, local_model: LocalModel) -> None:
    local_model.faults.extend([Fault("throttle"), Fault("unavailable")])
    client.ask("Count to 3")

    run = ended(url, 1)
    (call,) = of(run, "model")
    assert [each["code"] for each in call["tries"]] == ["throttled", "model_unavailable", ""]
    assert [wait["ended"] > wait["began"] for wait in of(run, "wait")] == [True, True]
    assert call["tries"][0]["ended"] <= of(run, "wait")[0]["began"]


def test_a_failure_says_what_the_provider_said(url: str, client: AgentClient, local_model: LocalModel) -> None:
    local_model.faults.append(Fault("denied"))
    client.ask("Count to 3")

    run = ended(url, 1)
    (call,) = of(run, "model")
    assert (run["outcome"], run["code"], call["code"]) == ("failed", "model_access_denied", "model_access_denied")
    assert "Asked for by a fault" in call["message"]


def test_a_pause_is_a_wait_until_somebody_answers(url: str, client: AgentClient) -> None:
    answer = client.ask('call send {"to": "a@example.com", "text": "hi"}')
    (waiting,) = of(ended(url, 1), "wait")
    client.run(resume(answer, {"approved": True}), answer.session)

    (waited,) = of(ended(url, 1), "wait")
    (sending,) = of(ended(url, 2), "tool")
    assert waiting["ended"] is None and waited["ended"] > waited["began"]
    assert (sending["name"], sending["ended"] is None) == ("send", False)


def test_the_same_can_be_asked_again_after_the_same_history(url: str, client: AgentClient) -> None:
    session = client.ask("Count to 3").session
    client.ask("What did I ask before?", session)

    again = ended(url, 2)["input"] | {"runId": "again"}
    assert "Count to 3" in client.run(again).text
    assert {run["runId"] for run in get(f"{url}/inspector/runs")} >= {"again"}


def test_only_this_machine_may_look(url: str) -> None:
    for headers in ({"host": "evil.example"}, {"origin": "https://evil.example"}):
        for path in ("/inspector/", "/inspector/runs", "/inspector/runs/1"):
            assert httpx.get(url + path, headers=headers, trust_env=False).status_code == 403


def test_the_page_runs_nothing_but_its_own_files(url: str) -> None:
    response = httpx.get(f"{url}/inspector", trust_env=False, follow_redirects=True)
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert "unsafe" not in response.headers["content-security-policy"]
    assert httpx.get(f"{url}/inspector/%2e%2e/secrets.py", trust_env=False).status_code == 404


def test_secrets_are_hidden(url: str, client: AgentClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "a-secret-of-the-environment")
    client.ask('call echo {"text": "a-secret-of-the-environment"}')

    told = of(ended(url, 1), "tool")[0]
    assert (told["result"], json.loads(told["arguments"])) == ("echo: [SOME_API_KEY]", {"text": "[SOME_API_KEY]"})


def test_secrets_in_pieces_are_hidden(url: str, client: AgentClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "a secret of manifold words")
    text = "say a secret of manifold words https://ann:p4ss@db.example twice"
    client.ask(f"call echo {json.dumps({'text': text})}")

    run = ended(url, 1)
    for told in (run, of(run, "model")[1]["response"], run["events"]):
        for secret in ("secret", "manifold", "p4ss"):
            assert secret not in json.dumps(told)
    said = [event["event"].get("delta", "") for event in run["events"] if "TEXT_MESSAGE" in event["event"]["type"]]
    assert "say [SOME_API_KEY] https://ann:[hidden]@db.example twice" in "".join(said) and len(said) > 4


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["to ann: a-se", "cret-", "of-ours", ", say"], ["to ann: [SOME_KEY]", "", "", ", say"]),
        (["a-secret-of-ours and ", "more"], ["[SOME_KEY] and ", "more"]),
        (["it is ", "a-secret", "-of"], ["it is ", "[SOME_KEY]", ""]),
        (['{"pass', 'word": "', "x", 'y"}'], ['{"pass', 'word": "', "[hidden]", '"}']),
        (["nothing ", "to hide"], ["nothing ", "to hide"]),
        (["", "x"], ["", "x"]),
    ],
)
def test_pieces_stay_what_they_were_around_a_secret(
    pieces: list[str], shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", "a-secret-of-ours")
    assert without_secrets_in_pieces(pieces) == shown


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5", "%00", "9" * 5000, "%D9%A1"])
def test_a_run_that_it_does_not_have_is_not_found(url: str, client: AgentClient, number: str) -> None:
    client.ask("Count to 2")
    answer = httpx.get(f"{url}/inspector/runs/{number}", trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_run")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"Authorization": "Basic eA=="}, {"Authorization": "[hidden]"}),
        ({"a": [{"x-api-key": "k"}]}, {"a": [{"x-api-key": "[hidden]"}]}),
        ('{"password": "p", "n": 1}', '{"password": "[hidden]", "n": 1}'),
        ("use Bearer abcdefgh.ijkl now", "use Bearer [hidden] now"),
        ({"max_tokens": 5, "text": "a token"}, {"max_tokens": 5, "text": "a token"}),
        ({"authorization": ["Basic", "eA=="]}, {"authorization": "[hidden]"}),
        ("[" * 600 + "]" * 600, "[" * 600 + "]" * 600),
        ("at postgres://ann:p4ss@db/x, say", "at postgres://ann:[hidden]@db/x, say"),
        ("https://ghp_0123456789@example.com/a", "https://[hidden]@example.com/a"),
        ("https://example.com:8080/@ann?api_key=k&n=1", "https://example.com:8080/@ann?api_key=[hidden]&n=1"),
        ("curl -H 'Authorization: Basic eDp5' x", "curl -H 'Authorization: Basic [hidden]' x"),
        ("""given {"password": "a\\"b", "n": 1""", """given {"password": "[hidden]", "n": 1"""),
        ("ssh://git@example.com, mailto:ann@example.com", "ssh://git@example.com, mailto:ann@example.com"),
    ],
)
def test_what_is_a_secret_by_its_name_is_hidden(value: Any, shown: Any) -> None:
    assert without_secrets(value) == shown


def test_memory_is_bounded(url: str, client: AgentClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspector, "MAX_RUNS", 2)
    for number in (1, 2, 3):
        client.ask("Count to 2")
        ended(url, number)
    assert [run["number"] for run in get(f"{url}/inspector/runs")] == [3, 2]

    monkeypatch.setattr(inspector.runs, "MAX_BYTES", 3000)
    client.ask("Count to 200")
    run = ended(url, 4)
    assert run["leftOut"] > 0 and len(json.dumps(run["events"])) < 10_000
    assert httpx.get(f"{url}/inspector/runs/1", trust_env=False).status_code == 404


def test_of_secrets_that_begin_alike_nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRST_KEY", "abcdefgh")
    monkeypatch.setenv("SECOND_KEY", "abcdefgh-and-more")
    assert without_secrets("say abcdefgh-and-more") == "say [SECOND_KEY]"
