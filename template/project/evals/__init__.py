"""Evaluation: ask what `questions.toml` holds, and compare what the agent did with what was expected."""

import json
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

QUESTIONS = Path(__file__).with_name("questions.toml")
SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"
SILENCE_SECONDS = 60  # four heartbeats

Call = tuple[str, dict[str, Any]]
"""A tool's name and its arguments."""


@dataclass(frozen=True)
class Question:
    """What is asked, which tools have to be called (in any order), and what the answer has to hold."""

    ask: str
    calls: list[Call]
    holds: list[str]


@dataclass
class Answer:
    """What the agent did with one question."""

    text: str = ""
    calls: dict[str, tuple[str, str]] = field(default_factory=dict)
    tokens: int = 0
    failure: str = ""


@dataclass(frozen=True)
class Result:
    """One question: it passed if there are no problems."""

    ask: str
    problems: list[str]
    seconds: float
    tokens: int


def questions(path: Path = QUESTIONS) -> list[Question]:
    """The questions in a TOML file."""
    found = tomllib.loads(path.read_text("utf-8"))["question"]
    return [Question(each["ask"], [_call(call) for call in each["calls"]], each["holds"]) for each in found]


def evaluate(url: str, asked: list[Question]) -> Iterator[Result]:
    """Ask each question in a session of its own, and yield its result as soon as it is known."""
    with httpx.Client(base_url=url, timeout=SILENCE_SECONDS, trust_env=False) as client:
        for question in asked:
            start = time.monotonic()
            answer = _answer(client, question.ask)
            yield Result(question.ask, list(problems(question, answer)), time.monotonic() - start, answer.tokens)


def problems(question: Question, answer: Answer) -> Iterator[str]:
    """What the agent did wrong. Texts are compared whatever their case."""
    if answer.failure:
        yield answer.failure
        return
    called = [(tool, json.loads(arguments or "{}")) for tool, arguments in answer.calls.values()]
    yield from (f"did not call {_shown(call)}" for call in question.calls if call not in called)
    yield from (f"called {_shown(call)}" for call in called if call not in question.calls)
    yield from (f"does not say {text!r}" for text in question.holds if text.lower() not in answer.text.lower())


def _call(spec: dict[str, Any]) -> Call:
    return spec["tool"], spec["arguments"]


def _shown(call: Call) -> str:
    tool, arguments = call
    return f"{tool}({', '.join(f'{name}={value!r}' for name, value in arguments.items())})"


def _answer(client: httpx.Client, prompt: str) -> Answer:
    answer, session = Answer(), str(uuid4())
    headers = {SESSION_HEADER: session}
    with client.stream("POST", "/invocations", json={"prompt": prompt}, headers=headers) as response:
        if response.is_error:
            answer.failure = f"HTTP {response.status_code}: {response.read().decode(errors='replace')}"
        for line in response.iter_lines() if response.is_success else ():
            if line.startswith("data: "):
                _read(answer, json.loads(line.removeprefix("data: ")))
    return answer


def _read(answer: Answer, event: dict[str, Any]) -> None:
    match event:
        case {"subagentRunId": str()}:
            pass
        case {"type": "TEXT_MESSAGE_CONTENT", "delta": delta}:
            answer.text += delta
        case {"type": "TOOL_CALL_START", "toolCallId": id, "toolCallName": name}:
            answer.calls[id] = (name, "")
        case {"type": "TOOL_CALL_ARGS", "toolCallId": id, "delta": delta}:
            name, arguments = answer.calls[id]
            answer.calls[id] = (name, arguments + delta)
        case {"type": "RUN_FINISHED", "usage": usage}:
            answer.tokens = sum(each["totalTokens"] for each in usage)
        case {"type": "RUN_ERROR", "code": code, "message": message}:
            answer.failure = f"{code}: {message}"
