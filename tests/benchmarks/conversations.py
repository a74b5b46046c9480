"""What a conversation costs beside the model: its translation, its log, its file, and a pause.

    uv run --project examples/weather-time-calculator python tests/benchmarks/conversations.py

* a history of 40 messages as a framework's prompt, and whether it is the same, byte for byte, from turn to turn;
* a reader that catches up with a run of 10,000 events;
* keeping a conversation of 40 messages in a file, beside plain writing and `fsync` of as many bytes;
* the first text of a run that goes on after a pause, beside that of a plain one, with the local model.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import httpx
from ag_ui.core import AssistantMessage, FunctionCall, Message, ToolCall, ToolMessage, UserMessage

EXAMPLE = Path(__file__).parents[2] / "examples" / "weather-time-calculator"
STORAGE = Path(__file__).parents[2] / "template" / "memory" / "session-storage" / "memory.py"
sys.path.insert(0, str(EXAMPLE))

from local_model.server import running  # noqa: E402
from local_model.serving import served  # noqa: E402
from weather_time_calculator import agent, tools  # noqa: E402
from weather_time_calculator.conversation import conversation, history  # noqa: E402
from weather_time_calculator.runs import log as run_log  # noqa: E402
from weather_time_calculator.settings import Settings  # noqa: E402
from weather_time_calculator.tools.approval import needs_approval  # noqa: E402


def messages(count: int) -> list[Message]:
    """Turns of four messages: a question, a call, its result, an answer."""
    found: list[Message] = []
    for number in range(count // 4):
        call = ToolCall(id=f"call-{number}", function=FunctionCall(name="echo", arguments='{"text": "hello"}'))
        found += [
            UserMessage(id=f"{number}-question", content="What is this? " * 20),
            AssistantMessage(id=f"{number}-call", tool_calls=[call]),
            ToolMessage(id=f"{number}-result", tool_call_id=call.id, content="hello " * 50),
            AssistantMessage(id=f"{number}-answer", content="This is an answer. " * 40),
        ]
    return found


def milliseconds(work: Callable[[], object], rounds: int = 50) -> float:
    """The median time of a piece of work."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def translated(found: list[Message]) -> str:
    """The request's messages, as JSON."""
    return json.dumps([agent._message(step) for step in history.steps(found)])


def translation() -> None:
    found = messages(40)
    longer = [*found, *messages(4)]
    same = translated(longer).startswith(translated(found)[:-1])
    print(f"40 messages as a prompt: {milliseconds(lambda: translated(found)):.2f} ms; the same next turn: {same}")


async def _caught_up(log: run_log.RunLog) -> int:
    return len([number async for number, _ in log.follow()])


def follower() -> None:
    log = run_log.RunLog(max_bytes=10**9)
    for number in range(10_000):
        log.add(("message", f"word {number} ") if number % 50 else json.dumps({"type": "CUSTOM", "name": str(number)}))
    log.close()
    print(f"10,000 events, caught up with: {milliseconds(lambda: asyncio.run(_caught_up(log)), 5):.1f} ms")


def keeping() -> None:
    kept = conversation.Conversation(messages=messages(40))
    scope: dict[str, object] = {"__name__": "weather_time_calculator.kept", "__package__": "weather_time_calculator"}
    exec(compile(STORAGE.read_text(), str(STORAGE), "exec"), scope)  # noqa: S102  our own template
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SESSION_STORAGE"] = folder
        keep = scope["keep"]
        assert callable(keep)
        ours = milliseconds(lambda: asyncio.run(keep("session", kept)), 20)
        text = kept.model_dump_json(by_alias=True)
        plain = milliseconds(lambda: _written(Path(folder, "plain"), text), 20)
    print(f"keeping {len(text) // 1024} kB: {ours:.1f} ms; writing them: {plain:.1f} ms")


def _written(file: Path, text: str) -> None:
    with file.open("w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


@needs_approval("Send it?")
def send(text: str) -> str:
    """Send a message.

    Args:
        text: What it says.
    """
    return text


def first_text(client: httpx.Client, session: str, body: dict[str, object]) -> tuple[float, list[dict[str, object]]]:
    """Milliseconds to the first piece of text (0: there was none), and the interrupts with which the run ended."""
    start, first, last = time.perf_counter(), 0.0, ""
    headers = {"X-Amzn-Bedrock-AgentCore-Runtime-Session-Id": session}
    with client.stream("POST", "/invocations", json=body, headers=headers) as response:
        for line in response.iter_lines():
            if "TEXT_MESSAGE_CONTENT" in line and not first:
                first = 1000 * (time.perf_counter() - start)
            last = line if line.startswith("data: ") else last
    outcome = json.loads(last.removeprefix("data: "))["outcome"]
    return first, outcome.get("interrupts", [])


def pause() -> None:
    tools.TOOLS.append(tools.tool(send))
    plain, resumed = [], []
    with running(pace=0.001) as model:
        os.environ |= {name: value for name, value in model.environment().items() if value is not None}
        from weather_time_calculator.server.app import create_app

        with served(create_app(Settings())) as url, httpx.Client(base_url=url, trust_env=False) as client:
            for _ in range(20):
                session = str(uuid.uuid4())
                plain.append(first_text(client, session, {"prompt": "Count to 3"})[0])
                _, asked = first_text(client, session, {"prompt": 'call send {"text": "x"}'})
                entry = {"interruptId": asked[0]["id"], "status": "resolved", "payload": {"approved": True}}
                resumed.append(first_text(client, session, {"resume": [entry]})[0])
    times = statistics.median(plain), statistics.median(resumed)
    print(f"first text of a plain run: {times[0]:.1f} ms; of one that goes on after a pause: {times[1]:.1f} ms")


def main() -> None:
    translation()
    follower()
    keeping()
    pause()


if __name__ == "__main__":
    main()
