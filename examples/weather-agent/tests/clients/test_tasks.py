"""Tasks of an agent of A2A as runs, whatever happens to their connection; and the terminal that shows them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from clients.files import file_of
from clients.stream import AgentError, Run, events, new_session
from clients.tasks import TaskRun
from local_model.server import Fault, LocalModel
from local_model.serving import served

SEND = 'call send {"to": "Ada", "text": "hi"}'
Eventually = Callable[[Callable[[], bool]], None]


def told(run: Run, stop_after: int = 0) -> list[dict[str, Any]]:
    """The events of a run; of its text, so many pieces if the reader leaves then."""

    async def read() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        async with aclosing(events(run)) as source:
            async for event in source:
                found.append(event)
                if stop_after and len(pieces(found)) == stop_after:
                    return found
        return found

    return asyncio.run(read())


def pieces(events: list[dict[str, Any]]) -> list[str]:
    """The pieces of the answer."""
    return [event["delta"] for event in events if event["type"] == "TEXT_MESSAGE_CONTENT"]


def text(events: list[dict[str, Any]]) -> str:
    """The answer."""
    return "".join(pieces(events))


def test_a_file_is_an_activity_once(agent_url: str, local_model: LocalModel) -> None:
    question = 'call hand_over {"name": "a.png", "size": 300} call show_draft {"question": "Well?"}'
    run = TaskRun(f"{agent_url}/", new_session(), prompt=question)
    first = told(run)
    (asked,) = first[-1]["outcome"]["interrupts"]
    answer = {"interruptId": asked["id"], "status": "resolved", "payload": {"answer": "yes"}}
    events = [*first, *told(run.answered([answer]))]

    files = [event["content"] for event in events if event["type"] == "ACTIVITY_SNAPSHOT"]
    assert [(file["size"], len(file_of(file).data)) for file in files] == [(300, 300), (7, 7)]
    assert [str(file_of(file)) for file in files] == ["a.png (image/png, 300 bytes)", "draft.txt (text/plain, 7 bytes)"]


@contextmanager
def breaking(url: str, sizes: list[int]) -> Iterator[tuple[str, list[str]]]:
    """An address before the agent whose answers break after so many bytes (none: 503), and the methods called."""
    methods: list[str] = []
    left = iter(sizes)

    async def pass_on(request: Request) -> Response:
        body = await request.body()
        methods.append(json.loads(body)["method"])
        size = next(left, None)
        if size == 0:
            return Response(status_code=503)
        client = httpx.AsyncClient(trust_env=False, timeout=30)
        headers = {name: value for name, value in request.headers.items() if name not in ("host", "content-length")}
        asked = client.build_request("POST", url, content=body, headers=headers)
        answer = await client.send(asked, stream=True)
        kind = answer.headers["content-type"]
        return StreamingResponse(cut(answer, size), media_type=kind, background=BackgroundTask(client.aclose))

    async def cut(answer: httpx.Response, size: int | None) -> AsyncIterator[bytes]:
        passed = 0
        async for data in answer.aiter_raw():
            yield data
            passed += len(data)
            if size is not None and passed >= size:
                await answer.aclose()
                return

    with served(Starlette(routes=[Route("/", pass_on, methods=["POST"])])) as front:
        yield f"{front}/", methods


def test_a_task_is_told_as_events(agent_url: str, local_model: LocalModel) -> None:
    found = told(TaskRun(f"{agent_url}/", new_session(), prompt="Count to 20"))

    assert text(found) == " ".join(map(str, range(1, 21))) and len(pieces(found)) > 10
    assert [event["type"] for event in found][:2] == ["RUN_STARTED", "TEXT_MESSAGE_START"]
    assert found[-2]["type"] == "TEXT_MESSAGE_END"
    assert found[-1]["outcome"] == {"type": "success"}


@pytest.mark.parametrize("sizes", [[2000], [3000, None, 1500], [3000, 0, 0, None, 4000], [1, 0]])
def test_a_lost_connection_is_made_again_and_each_piece_comes_once(
    agent_url: str, local_model: LocalModel, sizes: list[int]
) -> None:
    with breaking(f"{agent_url}/", sizes) as (url, methods):
        found = told(TaskRun(url, new_session(), prompt="Count to 200"))

    assert text(found) == " ".join(map(str, range(1, 201)))
    assert [event["type"] for event in found].count("TEXT_MESSAGE_START") == 1
    assert methods.count("SendStreamingMessage") == 1 and "SubscribeToTask" in methods
    assert len(local_model.requests) == 1


def test_a_question_that_never_arrived_is_asked_again(agent_url: str, local_model: LocalModel) -> None:
    with breaking(f"{agent_url}/", [0]) as (url, methods):
        found = told(TaskRun(url, new_session(), prompt="Count to 5"))

    assert text(found) == "1 2 3 4 5" and len(local_model.requests) == 1
    assert methods == ["SendStreamingMessage", "ListTasks", "SendStreamingMessage"]


def test_an_answer_that_never_arrived_is_given_again(
    agent_url: str, local_model: LocalModel, sent: list[tuple[str, str]]
) -> None:
    session = new_session()
    asked = TaskRun(f"{agent_url}/", session, prompt=SEND)
    (interrupt,) = told(asked)[-1]["outcome"]["interrupts"]
    answer = {"interruptId": interrupt["id"], "status": "resolved", "payload": {"approved": True}}
    with breaking(f"{agent_url}/", [0]) as (url, methods):
        run = TaskRun(url, session, resume=[answer], follow=asked.id)
        assert told(run)[-1]["outcome"] == {"type": "success"}

    assert sent == [("Ada", "hi")] and methods == ["SendStreamingMessage", "GetTask", "SendStreamingMessage"]


def test_a_task_that_goes_on_is_followed_from_its_first_word(agent_url: str, local_model: LocalModel) -> None:
    session = new_session()

    async def leave() -> str:
        async with httpx.AsyncClient(trust_env=False) as client:
            parts = {"messageId": "m", "role": "ROLE_USER", "contextId": session, "parts": [{"text": "Count to 50"}]}
            params = {"message": parts, "configuration": {"returnImmediately": True}}
            call = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": params}
            answer = await client.post(f"{agent_url}/", json=call, headers={"A2A-Version": "1.0"})
            return str(answer.json()["result"]["task"]["id"])

    task = asyncio.run(leave())
    assert text(told(TaskRun(f"{agent_url}/", session, follow=task))) == " ".join(map(str, range(1, 51)))
    assert text(told(TaskRun(f"{agent_url}/", session, follow=task))) == " ".join(map(str, range(1, 51)))


def test_leaving_cancels_the_task(agent_url: str, local_model: LocalModel, eventually: Eventually) -> None:
    told(TaskRun(f"{agent_url}/", new_session(), prompt="Count to 9000"), stop_after=5)

    eventually(lambda: local_model.requests[0].ended == "closed by client")


def test_failures_and_refusals_are_errors(agent_url: str, local_model: LocalModel) -> None:
    local_model.faults.append(Fault("denied"))
    for prompt, code in [("Count to 3", "model_access_denied"), (" ", "invalid_prompt")]:
        with pytest.raises(AgentError) as error:
            told(TaskRun(f"{agent_url}/", new_session(), prompt=prompt))
        assert error.value.code == code
    with pytest.raises(AgentError) as error:
        told(TaskRun("http://127.0.0.1:9/", new_session(), prompt="Count to 3"))
    assert error.value.code == "unreachable"
    with pytest.raises(AgentError) as error:
        told(TaskRun(f"{agent_url}/", new_session(), follow="no-such-task"))
    assert error.value.code == "connection_lost"


class TestTerminal:
    """`uv run chat`, which speaks A2A to the address that `serve` prints."""

    @pytest.fixture
    def chat(self, agent_url: str, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
        """Run the client in this process."""
        terminal = pytest.importorskip("clients.terminal")

        def ask(*arguments: str) -> tuple[int, str, str]:
            code = terminal.main(["--url", agent_url, *arguments])
            return (code, *capsys.readouterr())

        return ask

    def test_an_answer_streams_and_a_session_goes_on(
        self, chat: Callable[..., tuple[int, str, str]], local_model: LocalModel
    ) -> None:
        session = new_session()
        assert chat("--session", session, "Count to 5")[:2] == (0, "1 2 3 4 5\n")
        assert "Count to 5" in chat("--session", session, "What did I ask before?")[1]

    def test_tool_calls_and_questions_are_told(
        self, chat: Callable[..., tuple[int, str, str]], local_model: LocalModel
    ) -> None:
        assert "- echo(" in chat('call echo {"text": "hello"}')[2]
        code, _, err = chat(SEND)
        assert code == 1 and "Send hi to Ada?" in err

    def test_what_a_task_asks_is_answered_at_the_prompt_and_later(
        self,
        agent_url: str,
        local_model: LocalModel,
        sent: list[tuple[str, str]],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        chat = pytest.importorskip("clients.terminal.chat")
        answers: list[dict[str, Any]] = []

        def person(interrupt: dict[str, Any], call: Any) -> dict[str, Any]:
            answers.append(interrupt)
            return {"interruptId": interrupt["id"], "status": "resolved", "payload": {"approved": True}}

        talk = chat.Chat(f"{agent_url}/", None, new_session(), person)
        assert talk.ask(SEND) == 0 and sent == [("Ada", "hi")]
        assert capsys.readouterr().out.count("Let me look that up.") == 1
        alone = chat.Chat(f"{agent_url}/", None, new_session())
        assert alone.ask(SEND) == 1
        later = chat.Chat(f"{agent_url}/", None, alone.session, person)
        assert later.catch_up() == 0 and sent == [("Ada", "hi")] * 2
        assert [interrupt["message"] for interrupt in answers] == ["Send hi to Ada?"] * 2
        assert [message["role"] for message in later.history()] == ["user", "assistant", "assistant"]


def test_what_the_answer_comes_to_is_the_result() -> None:
    artifact = {"artifactId": "r", "name": "result", "parts": [{"data": {"summary": "so"}}]}
    task = {"id": "t", "artifacts": [artifact], "status": {"state": "TASK_STATE_COMPLETED"}}
    *before, last = TaskRun("http://127.0.0.1:9", "s", prompt="Hello")._told({"task": task})
    assert last["result"] == {"summary": "so"} and [event["type"] for event in before] == ["RUN_STARTED"]
