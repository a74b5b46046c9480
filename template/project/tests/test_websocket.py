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
        events.append(EVENT.validate_json(socket.recv(timeout=10)))
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
