"""The agent as other agents have it: a2a-sdk's own client talks to it."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any
from uuid import uuid4

import httpx
import pytest
from a2a.client import Client
from a2a.types import (
    CancelTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    Part,
    SendMessageRequest,
    StreamResponse,
    SubscribeToTaskRequest,
    TaskState,
)
from a2a.utils.errors import (
    ContentTypeNotSupportedError,
    InvalidParamsError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)

from weather_agent.model import READS

from .peer import Told, ask, meet, message, tell
from local_model.server import Fault, LocalModel

Sent = list[tuple[str, str]]
SEND = 'call send {"to": "Ada", "text": "hi"}'


def follow(url: str, id: str) -> Told:
    """A task from here on, to its end."""

    async def work(client: Client) -> Told:
        told = Told()
        async for response in client.subscribe(SubscribeToTaskRequest(id=id)):
            told.responses.append(response)
        return told

    return meet(url, work)


def test_an_answer_streams_and_the_task_keeps_it(agent_url: str, local_model: LocalModel) -> None:
    async def work(client: Client) -> tuple[Told, Any]:
        told = await tell(client, message("Count to 20"))
        return told, await client.get_task(GetTaskRequest(id=told.task.id))

    told, task = meet(agent_url, work)

    assert told.text == " ".join(map(str, range(1, 21))) and len(told.pieces) > 20
    assert told.state == "COMPLETED"
    assert [part.text for part in task.artifacts[0].parts] == [told.text]
    assert task.status.state == TaskState.TASK_STATE_COMPLETED
    assert [part.text for part in task.history[0].parts] == ["Count to 20"]


def test_a_call_without_a_stream_gives_the_whole_task(agent_url: str, local_model: LocalModel) -> None:
    told = meet(agent_url, lambda client: tell(client, message("Count to 5")), streaming=False)

    assert (told.text, told.state) == ("1 2 3 4 5", "COMPLETED") and len(told.responses) == 1


def test_a_call_that_does_not_wait_gives_a_task_at_work(agent_url: str, local_model: LocalModel) -> None:
    at_once = meet(agent_url, lambda client: tell(client, message("Count to 30")), streaming=False, polling=True)
    followed = follow(agent_url, at_once.task.id)

    assert at_once.state == "WORKING"
    assert followed.text == " ".join(map(str, range(1, 31))) and followed.state == "COMPLETED"


def test_tool_calls_are_told_with_the_status(agent_url: str, local_model: LocalModel) -> None:
    told = ask(agent_url, 'call echo {"text": "hello"}')

    assert [name for name in told.events if name.startswith("TOOL")] == [
        *["TOOL_CALL_START", *["TOOL_CALL_ARGS"] * told.events.count("TOOL_CALL_ARGS")],
        *["TOOL_CALL_END", "TOOL_CALL_RESULT"],
    ]
    assert "echo: hello" in told.text


def test_a_context_is_a_conversation(agent_url: str, local_model: LocalModel) -> None:
    first = ask(agent_url, "My colour is green")
    again = ask(agent_url, "What did I ask before?", context=first.task.context_id)
    other = ask(agent_url, "What did I ask before?")

    assert "My colour is green" in again.text and again.task.id != first.task.id
    assert other.text == "This is your first question."


@pytest.mark.parametrize(
    ("answer", "done", "result"),
    [
        ({"approved": True}, [("Ada", "hi")], "sent to Ada"),
        ("Yes.", [("Ada", "hi")], "sent to Ada"),
        ({"approved": True, "editedArgs": {"to": "Bob", "text": "hi"}}, [("Bob", "hi")], "sent to Bob"),
        ({"approved": False, "reason": "too rude"}, [], "declined this: too rude"),
        ("no, that is rude", [], "declined this: no, that is rude"),
    ],
)
def test_a_task_waits_for_approval(
    agent_url: str, local_model: LocalModel, sent: Sent, answer: Any, done: Sent, result: str
) -> None:
    asked = ask(agent_url, SEND)

    assert asked.state == "INPUT_REQUIRED" and sent == []
    text, data = asked.status.message.parts
    assert text.text == "Send hi to Ada?"
    assert data.data.struct_value["interrupts"][0]["reason"] == "tool_call"

    told = ask(agent_url, answer, task=asked.task.id)

    assert told.task.id == asked.task.id and told.state == "COMPLETED"
    assert sent == done and result in told.text


@pytest.mark.parametrize("answer", ["maybe", "yes, but to Bob", {"approved": "yes"}, {"approve": True}, {"resume": 5}])
def test_an_answer_that_is_not_clear_is_refused_and_the_task_waits_on(
    agent_url: str, local_model: LocalModel, sent: Sent, answer: Any
) -> None:
    asked = ask(agent_url, SEND)

    with pytest.raises(InvalidParamsError):
        ask(agent_url, answer, task=asked.task.id)
    task = meet(agent_url, lambda client: client.get_task(GetTaskRequest(id=asked.task.id)))

    assert sent == [] and task.status.state == TaskState.TASK_STATE_INPUT_REQUIRED


def test_a_plain_yes_says_that_it_is_allowed(agent_url: str, local_model: LocalModel, allowed: set[str]) -> None:
    asked = ask(agent_url, 'call account {"name": "Ada"}')
    assert asked.state == "INPUT_REQUIRED"
    assert asked.status.message.parts[0].text == "Allow it here: https://allow.example/it"

    allowed.add("Ada")
    assert "the account of Ada" in ask(agent_url, "Yes.", task=asked.task.id).text


def test_a_question_takes_one_of_its_choices(agent_url: str, local_model: LocalModel) -> None:
    asked = ask(agent_url, 'call choose {"question": "Which?"}')

    with pytest.raises(InvalidParamsError, match="green"):
        ask(agent_url, "green", task=asked.task.id)
    assert '"choice":"red"' in ask(agent_url, "Red", task=asked.task.id).text.replace(" ", "")


def test_several_questions_are_answered_together(agent_url: str, local_model: LocalModel, sent: Sent) -> None:
    asked = ask(agent_url, f'{SEND} and call send {{"to": "Bob", "text": "ho"}}')
    interrupts = asked.status.message.parts[1].data.struct_value["interrupts"]

    with pytest.raises(InvalidParamsError, match="resume"):
        ask(agent_url, "yes", task=asked.task.id)
    entries = [{"interruptId": each["id"], "status": "resolved", "payload": {"approved": True}} for each in interrupts]
    told = ask(agent_url, {"resume": entries}, task=asked.task.id)

    assert told.state == "COMPLETED" and sorted(sent) == [("Ada", "hi"), ("Bob", "ho")]


def test_a_task_that_waits_can_be_cancelled(agent_url: str, local_model: LocalModel, sent: Sent) -> None:
    async def work(client: Client) -> tuple[Any, Told]:
        asked = await tell(client, message(SEND))
        with pytest.raises(InvalidParamsError):  # its context answers nothing else meanwhile
            await tell(client, message("Count to 3", context=asked.task.context_id))
        cancelled = await client.cancel_task(CancelTaskRequest(id=asked.task.id))
        return cancelled, await tell(client, message("Count to 3", context=asked.task.context_id))

    cancelled, after = meet(agent_url, work)

    assert cancelled.status.state == TaskState.TASK_STATE_CANCELED
    assert (after.text, after.state) == ("1 2 3", "COMPLETED") and sent == []


def test_a_task_at_work_can_be_cancelled(
    agent_url: str, local_model: LocalModel, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    async def work(client: Client) -> tuple[Told, Any]:
        told = Told()
        async for response in client.send_message(SendMessageRequest(message=message("Count to 9000"))):
            told.responses.append(response)
            if len(told.pieces) == 5:
                cancelled = await client.cancel_task(CancelTaskRequest(id=told.task.id))
        return told, cancelled

    told, cancelled = meet(agent_url, work)

    assert told.state == "CANCELED" and cancelled.status.state == TaskState.TASK_STATE_CANCELED
    eventually(lambda: local_model.requests[0].ended == "closed by client")


def test_a_task_goes_on_when_its_caller_leaves(
    agent_url: str, local_model: LocalModel, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    def status() -> Any:
        return httpx.get(f"{agent_url}/ping", trust_env=False).json()["status"]

    async def leave(client: Client) -> Told:
        told = Told()
        stream = client.send_message(SendMessageRequest(message=message("Count to 100")))
        async with aclosing(stream):  # type: ignore[type-var]
            async for response in stream:
                told.responses.append(response)
                if len(told.pieces) == 5:
                    return told
        raise AssertionError

    left = meet(agent_url, leave)
    assert status() == "HealthyBusy"
    told = follow(agent_url, left.task.id)

    assert told.text == " ".join(map(str, range(1, 101))) and told.state == "COMPLETED"
    assert told.task.artifacts[0].parts[0].text.startswith("1 2 3")
    eventually(lambda: bool(status() == "Healthy"))


@pytest.mark.skipif(not READS, reason="this model reads text only")
def test_files_reach_the_model(agent_url: str, local_model: LocalModel) -> None:
    kind = min(READS)
    told = ask(agent_url, "What is this?", Part(raw=b"bytes of a file", media_type=kind))

    assert f"You sent {kind} (15 bytes)" in told.text


def test_data_is_text_to_the_model(agent_url: str, local_model: LocalModel) -> None:
    ask(agent_url, "What is this?", {"city": "Zürich", "n": 3})

    assert '"city": "Zürich"' in local_model.requests[0].conversation.messages[-1].text


@pytest.mark.parametrize(
    "part", [Part(url="https://example.com/a.png", media_type="image/png"), Part(raw=b"x", media_type="image/tiff")]
)
def test_files_that_cannot_be_passed_on_are_refused(agent_url: str, local_model: LocalModel, part: Part) -> None:
    with pytest.raises(ContentTypeNotSupportedError):
        ask(agent_url, "What is this?", part)
    assert local_model.requests == []


def test_a_failure_is_the_tasks(agent_url: str, local_model: LocalModel) -> None:
    local_model.faults.append(Fault("denied"))

    told = ask(agent_url, "Count to 5")

    assert told.state == "FAILED"
    assert told.status.message.parts[1].data.struct_value["code"] == "model_access_denied"


def test_what_cannot_be_done_with_a_task_is_refused(agent_url: str, local_model: LocalModel) -> None:
    async def work(client: Client) -> None:
        id = (await tell(client, message("Count to 3"))).task.id
        with pytest.raises(UnsupportedOperationError):
            await tell(client, message("More", task=id))
        with pytest.raises(TaskNotCancelableError):
            await client.cancel_task(CancelTaskRequest(id=id))
        with pytest.raises(UnsupportedOperationError):
            await anext(aiter(client.subscribe(SubscribeToTaskRequest(id=id))))
        with pytest.raises(TaskNotFoundError):
            await tell(client, message("More", task=str(uuid4()), context=str(uuid4())))
        with pytest.raises(TaskNotFoundError):
            await client.get_task(GetTaskRequest(id="no-such-task"))

    meet(agent_url, work)


def test_one_context_does_one_thing_at_a_time(agent_url: str, local_model: LocalModel) -> None:
    async def work(client: Client) -> Told:
        told = Told()
        async for response in client.send_message(SendMessageRequest(message=message("Count to 60"))):
            told.responses.append(response)
            if len(told.pieces) == 5:
                for more in (message("More", context=told.task.context_id), message("More", task=told.task.id)):
                    with pytest.raises(UnsupportedOperationError):
                        await tell(client, more)
        return told

    assert meet(agent_url, work).state == "COMPLETED"


def test_tasks_are_listed_by_context_the_newest_first(agent_url: str, local_model: LocalModel) -> None:
    async def work(client: Client) -> tuple[list[str], list[str], list[str]]:
        context = str(uuid4())
        ids = [(await tell(client, message("Count to 2", context=context))).task.id for _ in range(3)]
        page = await client.list_tasks(ListTasksRequest(context_id=context, page_size=2))
        request = ListTasksRequest(context_id=context, page_size=2, page_token=page.next_page_token)
        rest = await client.list_tasks(request)
        return ids, [task.id for task in page.tasks], [task.id for task in rest.tasks]

    ids, page, rest = meet(agent_url, work)

    assert [*page, *rest] == ids[::-1] and len(page) == 2


@pytest.mark.parametrize("token", ["-1", "x", "9" * 5000])
def test_a_page_token_that_was_not_given_is_refused(agent_url: str, token: str) -> None:
    async def work(client: Client) -> None:
        with pytest.raises(InvalidParamsError):
            await client.list_tasks(ListTasksRequest(page_token=token))

    meet(agent_url, work)


def test_a_list_holds_artifacts_where_they_are_wanted_and_begins_where_it_is_to(
    agent_url: str, local_model: LocalModel
) -> None:
    async def work(client: Client) -> list[Any]:
        context = str(uuid4())
        first = await tell(client, message("Count to 2", context=context))
        second = await tell(client, message("Count to 3", context=context))
        since = second.status.timestamp
        asked = [
            ListTasksRequest(context_id=context),
            ListTasksRequest(context_id=context, include_artifacts=True),
            ListTasksRequest(context_id=context, status_timestamp_after=since),
        ]
        assert first.status.timestamp.ToDatetime() < since.ToDatetime()
        return [(await client.list_tasks(each)).tasks for each in asked]

    plain, whole, since = meet(agent_url, work)

    assert [len(task.artifacts) for task in plain] == [0, 0]
    assert [task.artifacts[0].parts[0].text for task in whole] == ["1 2 3", "1 2"]
    assert [task.id for task in since] == [plain[0].id]


def test_many_tasks_stream_at_once(agent_url: str, local_model: LocalModel) -> None:
    async def work(client: Client) -> list[Told]:
        return await asyncio.gather(*(tell(client, message("Count to 40")) for _ in range(20)))

    assert {told.text for told in meet(agent_url, work)} == {" ".join(map(str, range(1, 41)))}


def test_the_stream_is_of_the_protocols_own_types(agent_url: str, local_model: LocalModel) -> None:
    told = ask(agent_url, 'call echo {"text": "hello"}')

    kinds = [response.WhichOneof("payload") for response in told.responses]
    assert kinds[0] == "task" and set(kinds[1:]) == {"artifact_update", "status_update"}
    assert all(isinstance(response, StreamResponse) for response in told.responses)
