"""The functions made of real MCP servers, over both transports, and of servers that fail."""

import inspect
import json
import os
import signal
import subprocess
import sys
import typing
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from {{ package_name }}.tools import mcp
from {{ package_name }}.tools.mcp import mcp_tools
from {{ package_name }}.tools.readable import readable

from local_model.serving import served
from local_model.tools.mcp import COMMAND, OFFLINE, _server_class

Configure = Callable[..., dict[str, Callable[..., str]]]


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Configure:
    """The functions for these servers, by name."""

    def configured(**servers: object) -> dict[str, Callable[..., str]]:
        monkeypatch.setenv("MCP_SERVERS", json.dumps(servers))
        return {function.__name__: function for function in mcp_tools()}

    return configured


def search(
    query: str, limit: int = 3, order: typing.Literal["new", "old"] = "new", where: dict[str, int] | None = None
) -> str:
    """Search."""
    return f"{query} {limit} {order} {where}"


def fail() -> str:
    """Fail."""
    raise RuntimeError("out of paper")


@pytest.fixture(scope="module")
def http_url() -> Iterator[str]:
    server = _server_class()("things")
    for function in (search, fail):
        server.tool()(function)
    with served(server.streamable_http_app()) as url:
        yield f"{url}/mcp"


def test_without_servers_there_are_no_tools(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    assert configure() == {}
    monkeypatch.delenv("MCP_SERVERS")
    assert mcp_tools() == []


def test_a_server_that_is_a_command(configure: Configure) -> None:
    add = configure(notes=COMMAND)["notes_add"]

    assert add(text="milk") == "There are 1 notes: milk"
    assert add(text="bread", tags=["shop"]) == "There are 2 notes: milk; bread #shop"


def test_a_server_at_an_address(configure: Configure, http_url: str) -> None:
    tools = configure(web={"url": http_url, "headers": {"X-Key": "secret"}})

    assert sorted(tools) == ["web_fail", "web_search"]
    assert tools["web_search"](query="a", where={"b": 1}) == "a 3 new {'b': 1}"
    assert readable(tools["web_fail"])().startswith("Error: Error executing tool fail")


def test_each_server_has_its_prefix(configure: Configure, http_url: str) -> None:
    names = configure(**{"a": {"url": http_url}, "b-2": {"url": http_url}, "notes": COMMAND})

    assert sorted(names) == ["a_fail", "a_search", "b_2_fail", "b_2_search", "notes_add"]


def test_the_signature_says_what_the_schema_says(configure: Configure, http_url: str) -> None:
    function = readable(configure(web={"url": http_url})["web_search"])

    parameters = inspect.signature(function).parameters.values()
    assert [str(parameter) for parameter in parameters] == [
        "query: str",
        "limit: int = 3",
        "order: Literal['new', 'old'] = 'new'",
        "where: dict[str, typing.Any] | None = None",
    ]
    assert typing.get_type_hints(function)["limit"] is int
    assert "Search." in (function.__doc__ or "")
    assert "    query: Query" in (function.__doc__ or "")


@pytest.mark.parametrize(
    ("schema", "annotation"),
    [
        ({"type": "array", "items": {"type": "integer"}}, list[int]),
        ({"type": ["string", "null"]}, str | None),
        ({"anyOf": [{"type": "number"}, {"type": "boolean"}]}, float | bool),
        ({"enum": ["a", "b"]}, typing.Literal["a", "b"]),
        ({"$ref": "#/$defs/Point"}, typing.Any),
        ({}, typing.Any),
    ],
)
def test_a_schema_becomes_a_type(schema: dict[str, object], annotation: object) -> None:
    assert mcp._annotation(schema) == annotation


@pytest.mark.parametrize(
    "dead",
    [
        {"command": "no-such-command"},
        {"command": sys.executable, "args": ["-c", "raise SystemExit(1)"]},
        {"url": "http://127.0.0.1:1/mcp"},
    ],
)
def test_a_dead_server_is_logged_and_the_others_are_there(
    dead: object, configure: Configure, caplog: pytest.LogCaptureFixture
) -> None:
    assert list(configure(dead=dead, notes=COMMAND)) == ["notes_add"]
    assert "The MCP server dead cannot be reached, so its tools are missing" in caplog.text


def test_a_server_that_says_nothing_is_given_up(
    configure: Configure, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mcp, "START_SECONDS", 0.5)
    code = "print('no JSON', flush=True); import time; time.sleep(60)"
    assert configure(silent={"command": sys.executable, "args": ["-c", code]}) == {}
    assert "The MCP server silent cannot be reached, so its tools are missing: no answer in time" in caplog.text


def test_calls_of_one_server_run_at_the_same_time(configure: Configure) -> None:
    code = """
import anyio
from local_model.tools.mcp import _server_class
server, waiting = _server_class()("pair"), []

async def meet() -> str:
    waiting.append(None)
    while len(waiting) < 2:
        await anyio.sleep(0.01)
    return "met"

server.tool()(meet)
server.run()"""
    meet = configure(pair={"command": sys.executable, "args": ["-c", code]})["pair_meet"]
    with ThreadPoolExecutor(2) as pool:
        assert [call.result() for call in [pool.submit(meet), pool.submit(meet)]] == ["met", "met"]


def test_a_lost_server_is_an_error_and_comes_back(configure: Configure, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    code = f"import os; open({str(file)!r}, 'w').write(str(os.getpid())); {COMMAND['args'][1]}"
    add = configure(notes={"command": sys.executable, "args": ["-c", code]})["notes_add"]
    assert add(text="milk") == "There are 1 notes: milk"

    os.kill(int(file.read_text()), signal.SIGKILL)

    assert readable(add)(text="bread").startswith("Error: The MCP server notes did not answer.")
    assert add(text="bread") == "There are 1 notes: bread"


def test_a_tool_that_takes_too_long_is_given_up(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
import time
from local_model.tools.mcp import _notes
server = _notes()
server.tool("nap")(lambda: time.sleep(60))
server.run()"""
    nap = configure(slow={"command": sys.executable, "args": ["-c", code]})["slow_nap"]
    monkeypatch.setattr(mcp, "CALL_SECONDS", 0.5)
    with pytest.raises(ValueError, match="did not answer"):
        nap()


@pytest.mark.parametrize("text", ["{", "[]", '{"a": {"args": "x"}}'])
def test_servers_that_cannot_be_read_are_refused_at_the_start(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCP_SERVERS", text)
    with pytest.raises(ValueError, match="validation error"):
        mcp_tools()


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTES_PYTHON", sys.executable)
    monkeypatch.setenv("MCP_SERVERS", json.dumps({"notes": COMMAND | {"command": "${NOTES_PYTHON}"}}))
    assert [function.__name__ for function in mcp_tools()] == ["notes_add"]


SERVED = """
import os
from local_model.server import running
from local_model.serving import served
from tests.agent_client import AgentClient

with running(pace=0) as model:
    os.environ.update({name: value for name, value in model.environment().items() if value is not None})
    from {{ package_name }}.server import create_app
    from {{ package_name }}.settings import Settings

    with served(create_app(Settings())) as url, AgentClient(url) as client:
        answer = client.ask('call notes_add {"text": "milk", "tags": ["shop"]}')
        print(answer.of("TOOL_CALL_RESULT")[0].content)
"""


def test_the_served_agent_calls_them() -> None:
    command = [sys.executable, "-c", SERVED]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.stdout == "There are 1 notes: milk #shop\n", run.stderr


def test_the_local_model_takes_notes() -> None:
    assert OFFLINE.arguments(OFFLINE.example) == [{"text": "buy milk"}]
    assert OFFLINE.arguments("What time is it?") == []
