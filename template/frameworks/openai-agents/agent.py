"""The agent: OpenAI Agents SDK (https://openai.github.io/openai-agents-python), told in the parts of `contract.py`."""

import base64
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
    function_tool,
    set_tracing_disabled,
)

from .parts import (
    Attachment,
    Part,
    Prompt,
    Reasoning,
    Text,
    ToolCallArguments,
    ToolCallEnd,
    ToolCallStart,
    ToolResult,
    Usage,
)
from .errors import turn_limit
from .prompt import SYSTEM_PROMPT
from .settings import Settings
from .tools import TOOLS

set_tracing_disabled(True)  # it would go to OpenAI, whichever model is used

FUNCTION_TOOLS: list[FunctionTool] = [function_tool(function, strict_mode=False) for function in TOOLS]


class Conversation:
    """What one session has said so far, and how it goes on."""

    def __init__(self, model: Model, settings: Settings) -> None:
        self._agent = Agent(
            name="assistant",
            instructions=SYSTEM_PROMPT,
            model=model,
            model_settings=ModelSettings(include_usage=True, extra_body=settings.request_fields),
            tools=[*FUNCTION_TOOLS],
        )
        self._settings = settings
        self._items: list[TResponseInputItem] = []

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Part]:
        """Answer one prompt. Only a turn that succeeds is remembered: after a failure, the history is as before."""
        run = self._run(prompt)
        translation = Translation()
        try:
            async for event in run.stream_events():
                for part in translation.parts(event):
                    yield part
        except MaxTurnsExceeded as error:
            raise turn_limit() from error
        finally:
            run.cancel()
        self._items = recent(run.to_input_list(), self._settings.max_history)

    def _run(self, prompt: Prompt) -> RunResultStreaming:
        items = [*self._items, _item(prompt)]
        config = RunConfig(tool_not_found_behavior="return_error_to_model")
        return Runner.run_streamed(self._agent, items, max_turns=self._settings.max_turns, run_config=config)


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
                yield ToolResult(event.item.call_id or "", str(event.item.output))

    def _model_parts(self, event: Any) -> Iterator[Part]:
        match event.type:
            case "response.output_text.delta":
                yield Text(event.delta)
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                yield Reasoning(event.delta)
            case "response.output_item.added" if event.item.type == "function_call":
                self._calls[event.output_index] = event.item.call_id
                yield ToolCallStart(event.item.call_id, event.item.name)
            case "response.function_call_arguments.delta" if event.delta:
                yield ToolCallArguments(self._calls[event.output_index], event.delta)
            case "response.output_item.done" if event.item.type == "function_call":
                yield ToolCallEnd(event.item.call_id)
            case "response.completed" if usage := event.response.usage:
                yield Usage(usage.input_tokens, usage.output_tokens)


def _item(prompt: Prompt) -> TResponseInputItem:
    files = [_content(attachment) for attachment in prompt.attachments]
    content = [*files, {"type": "input_text", "text": prompt.text}] if files else prompt.text
    return cast(TResponseInputItem, {"role": "user", "content": content})


def _content(attachment: Attachment) -> dict[str, str]:
    url = f"data:{attachment.media_type};base64,{base64.b64encode(attachment.data).decode()}"
    if attachment.is_image:
        return {"type": "input_image", "image_url": url}
    return {"type": "input_file", "filename": f"document.{attachment.format}", "file_data": url}


def recent(items: list[TResponseInputItem], limit: int) -> list[TResponseInputItem]:
    """The newest items, `limit` at most, from a prompt on: a tool's result is nothing without its call."""
    newest = items[-limit:]
    prompts = (index for index, item in enumerate(newest) if item.get("role") == "user")
    return newest[next(prompts, limit) :]
