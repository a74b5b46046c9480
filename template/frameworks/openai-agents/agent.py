"""The agent: OpenAI Agents SDK (https://openai.github.io/openai-agents-python), in the parts of `runs/parts.py`."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Iterator
from typing import Any, cast

from agents import (
    Agent,
    FunctionTool,
    MaxTurnsExceeded,
    Model,
    ModelSettings,
    RunConfig,
    Runner,
    RunResultStreaming,
    StreamEvent,
    TResponseInputItem,
    set_tracing_disabled,
)
from agents.tool_context import ToolContext

from .conversation.history import Answer, Attachment, Call, Prompt, Question, Result, Results, Step
from .errors import Failure
from .runs import parts
from .runs.parts import Part
from .settings import Settings
from .tools.toolbox import Tool

set_tracing_disabled(True)  # it would go to OpenAI, whichever model is used


async def answer(prompt: Prompt, model: Model, settings: Settings) -> AsyncGenerator[Part]:
    """Go on from the prompt until the model has nothing more to call."""
    run = _run(prompt, model, settings)
    translation = Translation()
    try:
        async for event in run.stream_events():
            for part in translation.parts(event):
                yield part
    except MaxTurnsExceeded as error:
        raise Failure("turn_limit") from error
    finally:
        run.cancel()
        if run.run_loop_task:
            await asyncio.wait({run.run_loop_task})  # its tools have ended then


def _run(prompt: Prompt, model: Model, settings: Settings) -> RunResultStreaming:
    agent = Agent(
        name="assistant",
        instructions=prompt.instructions,
        model=model,
        model_settings=ModelSettings(include_usage=True, extra_body=settings.request_fields),
        tools=[_tool(tool) for tool in prompt.tools],
    )
    items = [cast(TResponseInputItem, item) for step in prompt.steps for item in _items(step)]
    config = RunConfig(tool_not_found_behavior="return_error_to_model")
    return Runner.run_streamed(agent, items, max_turns=settings.max_turns, run_config=config)


class Translation:
    """Reads the SDK's events: those of the model as they come, and the results of tools."""

    def __init__(self) -> None:
        self._calls: dict[int, str] = {}

    def parts(self, event: StreamEvent) -> Iterator[Part]:
        """The parts in one event of `RunResultStreaming.stream_events`; some have none."""
        match event.type:
            case "raw_response_event":
                yield from self._model_parts(event.data)
            case "run_item_stream_event" if event.item.type == "tool_call_output_item":
                yield parts.ToolResult(event.item.call_id or "", str(event.item.output))

    def _model_parts(self, event: Any) -> Iterator[Part]:
        match event.type:
            case "response.output_text.delta":
                yield parts.Text(event.delta)
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                yield parts.Reasoning(event.delta)
            case "response.output_item.added" if _is_call(event.item):
                self._calls[event.output_index] = event.item.call_id
                yield parts.ToolCallStart(event.item.call_id, event.item.name)
            case "response.function_call_arguments.delta" if event.delta:
                yield parts.ToolCallArguments(self._calls[event.output_index], event.delta)
            case "response.completed":
                yield from (parts.ToolCallEnd(item.call_id) for item in event.response.output if _is_call(item))


def _is_call(item: Any) -> bool:
    return bool(item.type == "function_call")


def _tool(tool: Tool) -> FunctionTool:
    async def invoke(context: ToolContext[Any], arguments: str) -> str:
        return await tool.call(json.loads(arguments or "{}"), context.tool_call_id)

    return FunctionTool(tool.name, tool.description, tool.parameters, invoke, strict_json_schema=False)


def _items(step: Step) -> list[dict[str, Any]]:
    if isinstance(step, Question):
        return [{"role": "user", "content": _content(step)}]
    if isinstance(step, Results):
        return [*map(_output, step.results)]
    return _answer_items(step)


def _content(question: Question) -> str | list[dict[str, Any]]:
    if not question.attachments:
        return question.text  # not every server with OpenAI's API takes a list
    return [*map(_file, question.attachments), {"type": "input_text", "text": question.text}]


def _file(attachment: Attachment) -> dict[str, Any]:
    url = f"data:{attachment.media_type};base64,{base64.b64encode(attachment.data).decode()}"
    if attachment.is_image:
        return {"type": "input_image", "image_url": url}
    return {"type": "input_file", "filename": f"document.{attachment.format}", "file_data": url}


def _answer_items(step: Answer) -> list[dict[str, Any]]:
    """Its text and its calls. The API wants no thoughts back: it signs none."""
    text = [{"type": "output_text", "text": step.text, "annotations": []}]
    said = [{"type": "message", "id": "-", "role": "assistant", "content": text}] if step.text else []
    return [*said, *map(_call, step.calls)]


def _call(call: Call) -> dict[str, Any]:
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    return {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": arguments}


def _output(result: Result) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": result.call.id, "output": result.content}
