"""The agent: Microsoft Agent Framework (https://aka.ms/agent-framework), told in the parts of `runs/parts.py`."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from typing import Any

from agent_framework import (
    Agent,
    AgentResponseUpdate,
    ChatContext,
    ChatMiddleware,
    Content,
    FunctionTool,
    Message,
)

from . import provider
from .conversation.history import Answer, Attachment, Prompt, Question, Results, Step, Thought
from .errors import Failure
from .model import options
from .runs import parts
from .runs.parts import Part
from .settings import Settings
from .tools.toolbox import Tool

REDACTED = "redacted:"
"""Begins the signature of a thought that the provider shows to nobody."""
REDACTED_MARK = {"bedrock": {"redacted_reasoning": True}}
"""How Agent Framework marks such a thought."""


async def answer(prompt: Prompt, model: Any, settings: Settings) -> AsyncGenerator[Part]:
    """Go on from the prompt until the model has nothing more to call."""
    # The tool loop is the model client's: it is not to give up before `max_turns` does.
    model.function_invocation_configuration.update(
        max_iterations=settings.max_turns, max_consecutive_errors_per_request=settings.max_turns
    )
    tools = [FrameworkTool(tool) for tool in prompt.tools]
    agent = Agent(model, prompt.instructions, tools=tools, default_options=options(settings))
    messages = [_message(step) for step in prompt.steps]
    translation = Translation()
    async with agent.run(messages, stream=True, middleware=[TurnLimit(settings.max_turns)]) as updates:
        async for update in updates:
            for part in translation.parts(update):
                yield part


class FrameworkTool(FunctionTool):
    """A tool that is given the arguments as the model wrote them: ours check them themselves."""

    def __init__(self, tool: Tool) -> None:
        super().__init__(name=tool.name, description=tool.description, func=tool.call, input_model=tool.parameters)
        self._tool = tool

    async def invoke(  # type: ignore[override]  # of its four forms, the one that the tool loop uses
        self, *, arguments: dict[str, Any], tool_call_id: str, **_: Any
    ) -> list[Content]:
        """The result, as the model will read it."""
        return [Content.from_text(await self._tool.call(arguments, tool_call_id))]


class TurnLimit(ChatMiddleware):
    """Ends a run that would call the model once more than `calls` times."""

    def __init__(self, calls: int) -> None:
        self._calls_left = calls

    async def process(self, context: ChatContext, call_next: Callable[[], Awaitable[None]]) -> None:
        """Let a model call through, or raise `turn_limit`."""
        if not self._calls_left:
            raise Failure("turn_limit")
        self._calls_left -= 1
        await call_next()


class Translation:
    """Reads Agent Framework's updates. They say when a tool call begins and goes on, but not when it is complete."""

    def __init__(self) -> None:
        self._call_ids: list[str] = []

    def parts(self, update: AgentResponseUpdate) -> Iterator[Part]:
        """The parts in one update."""
        for content in update.contents:
            yield from self._content_parts(content)
        if update.finish_reason:
            yield from map(parts.ToolCallEnd, self._call_ids)
            self._call_ids = []

    def _content_parts(self, content: Content) -> Iterator[Part]:
        match content.type:
            case "text" if content.text:
                yield parts.Text(content.text)
            case "text_reasoning":
                yield from _thought_parts(content)
            case "function_call" if content.call_id:
                yield from self._call_parts(content.call_id, content)
            case "function_result" if content.call_id:
                yield parts.ToolResult(content.call_id, str(content.result))

    def _call_parts(self, call_id: str, content: Content) -> Iterator[Part]:
        if call_id not in self._call_ids:
            self._call_ids.append(call_id)
            yield parts.ToolCallStart(call_id, content.name or "")
        if arguments := content.arguments:
            yield parts.ToolCallArguments(call_id, arguments if isinstance(arguments, str) else json.dumps(arguments))


def _thought_parts(content: Content) -> Iterator[Part]:
    if content.text:
        yield parts.Reasoning(content.text)
    if content.protected_data:
        redacted = content.additional_properties.get("bedrock") == REDACTED_MARK["bedrock"]
        yield parts.ReasoningSignature((REDACTED if redacted else "") + content.protected_data)


def _message(step: Step) -> Message:
    if isinstance(step, Question):
        return Message("user", [*map(_file, step.attachments), step.text])
    if isinstance(step, Results):
        results = step.results
        return Message("tool", [Content.from_function_result(each.call.id, result=each.content) for each in results])
    return Message("assistant", _answer_contents(step))


def _file(attachment: Attachment) -> Content:
    return Content.from_data(attachment.data, attachment.media_type, name=f"{attachment.name}.{attachment.format}")


def _answer_contents(step: Answer) -> list[Content]:
    """Thoughts that are not signed are not sent: providers want back only what they signed."""
    thoughts = [_thought(thought, thought.signature) for thought in step.thoughts if thought.signature]
    text = [Content.from_text(step.text)] if step.text else []
    calls = [Content.from_function_call(call.id, call.name, arguments=call.arguments) for call in step.calls]
    # Gemini signs the call, and Agent Framework wants the signature right before it.
    return [*text, *thoughts, *calls] if provider.NAME == "gemini" else [*thoughts, *text, *calls]


def _thought(thought: Thought, signature: str) -> Content:
    mark = REDACTED_MARK if signature.startswith(REDACTED) else None
    data = signature.removeprefix(REDACTED)
    return Content.from_text_reasoning(text=thought.text, protected_data=data, additional_properties=mark)
