"""The same events over a WebSocket."""

import json
from collections.abc import Callable
from typing import Any

from websockets.sync.client import ClientConnection, connect

from .agent_client import EVENT
from local_model.server import LocalModel


def ask(socket: ClientConnection, body: dict[str, Any]) -> list[Any]:
    """The events of one turn."""
    socket.send(json.dumps(body))
    events = []
    while not events or events[-1].type.value not in {"RUN_FINISHED", "RUN_ERROR"}:
        events.append(EVENT.validate_json(socket.recv(timeout=30)))
    return events


def test_a_connection_is_a_session(agent_url: str, local_model: LocalModel) -> None:
    with connect(f"{agent_url.replace('http', 'ws')}/ws", proxy=None) as socket:
        ask(socket, {"prompt": "My colour is green"})
        events = ask(socket, {"prompt": "What did I ask before?"})

    assert events[0].type.value == "RUN_STARTED"
    assert "My colour is green" in "".join(getattr(event, "delta", "") for event in events)


def test_a_bad_message_is_an_error_and_the_connection_stays(agent_url: str, local_model: LocalModel) -> None:
    with connect(f"{agent_url.replace('http', 'ws')}/ws", proxy=None) as socket:
        socket.send("{")
        assert EVENT.validate_json(socket.recv(timeout=10)).code == "invalid_json"
        assert ask(socket, {"prompt": ""})[0].code == "invalid_prompt"
        assert ask(socket, {"prompt": "Count to 3"})[-1].type.value == "RUN_FINISHED"


def test_closing_the_socket_ends_the_model_call(
    agent_url: str, local_model: LocalModel, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    with connect(f"{agent_url.replace('http', 'ws')}/ws", proxy=None) as socket:
        socket.send(json.dumps({"prompt": "Count to 9000"}))
        socket.recv(timeout=10)
        eventually(lambda: len(local_model.requests) == 1)

    eventually(lambda: local_model.requests[0].ended == "closed by client")


def test_a_binary_message_is_a_message(agent_url: str, local_model: LocalModel) -> None:
    with connect(f"{agent_url.replace('http', 'ws')}/ws", proxy=None) as socket:
        socket.send(b'{"prompt": "Count to 3"}')
        events = []
        while not events or events[-1].type.value != "RUN_FINISHED":
            events.append(EVENT.validate_json(socket.recv(timeout=10)))
        socket.send(b"\xff\xfe")
        assert EVENT.validate_json(socket.recv(timeout=10)).code == "invalid_json"


def test_a_message_may_cancel_what_goes_on(agent_url: str, local_model: LocalModel) -> None:
    with connect(f"{agent_url.replace('http', 'ws')}/ws", proxy=None) as socket:
        socket.send(json.dumps({"prompt": "Count to 9000"}))
        socket.recv(timeout=10)
        socket.send(json.dumps({"cancel": {}}))
        last = EVENT.validate_json(socket.recv(timeout=10))
        while last.type.value != "RUN_FINISHED":
            last = EVENT.validate_json(socket.recv(timeout=10))
        assert last.outcome.type == "cancelled"
        assert ask(socket, {"prompt": "Count to 3"})[-1].outcome.type == "success"


def test_questions_sent_at_once_are_answered_in_turn(agent_url: str, local_model: LocalModel) -> None:
    with connect(f"{agent_url.replace('http', 'ws')}/ws", proxy=None) as socket:
        for _ in range(3):
            socket.send(json.dumps({"prompt": "Count to 3"}))
        events = [EVENT.validate_json(socket.recv(timeout=10)) for _ in range(3 * 7)]
    assert [event.type.value for event in events].count("RUN_FINISHED") == 3


def test_a_pause_is_resumed_over_the_socket(
    agent_url: str, local_model: LocalModel, sent: list[tuple[str, str]]
) -> None:
    with connect(f"{agent_url.replace('http', 'ws')}/ws", proxy=None) as socket:
        asked = ask(socket, {"prompt": 'call send {"to": "Ada", "text": "hi"}'})[-1]
        (interrupt,) = asked.outcome.interrupts
        busy = ask(socket, {"prompt": "Hello"})[-1]
        entry = {"interruptId": interrupt.id, "status": "resolved", "payload": {"approved": True}}
        done = ask(socket, {"resume": [entry]})[-1]

    assert (busy.code, busy.metadata["interrupts"][0]["id"]) == ("interrupt_pending", interrupt.id)
    assert done.outcome.type == "success" and sent == [("Ada", "hi")]


def test_what_is_larger_than_a_frame_ends_the_run(agent_url: str, local_model: LocalModel) -> None:
    with connect(f"{agent_url.replace('http', 'ws')}/ws", proxy=None) as socket:
        events = ask(socket, {"prompt": f"call echo {json.dumps({'text': chr(1) * 6000})}"})
        assert (events[-1].type.value, events[-1].code) == ("RUN_ERROR", "event_too_large")
        assert ask(socket, {"prompt": "Count to 3"})[-1].outcome.type == "success"
