"""The model: a server with OpenAI's API, through Agent Framework."""

from typing import Any

from agent_framework import Content, Message
from agent_framework_openai import OpenAIChatCompletionClient
from openai.types.chat import ChatCompletionMessage
from openai.types.chat.chat_completion_chunk import ChoiceDelta

from .provider import DOCUMENTS, IMAGES, client
from .settings import Settings

READS = IMAGES | DOCUMENTS

# What servers call a model's thoughts; vLLM used both names at once for a while.
THOUGHTS = ("reasoning_content", "reasoning")


def build_model(settings: Settings) -> OpenAIChatCompletionClient:
    """One model for the whole process, on one client."""
    return OpenAIChatCompletionClient(
        model=settings.model_id,
        async_client=client(settings),
        message_preparer=prepared,
        response_parser=with_thoughts,
    )


def with_thoughts(delta: ChatCompletionMessage | ChoiceDelta, contents: list[Content]) -> list[Content]:
    """The contents, after the thoughts that the server tells beside them."""
    fields = delta.model_extra or {}
    name = next((name for name in THOUGHTS if fields.get(name)), None)
    if name is None:
        return contents
    thoughts = Content.from_text_reasoning(
        text=fields[name], additional_properties={"field": name}, merge_mode="append"
    )
    return [thoughts, *contents]


def prepared(message: Message, sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A question with its attachments as one message; an answer with its thoughts in the field that they came in."""
    first = next(iter(message.contents), None)
    if first is None or first.type != "text_reasoning" or first.protected_data:
        return in_one_message(message, sent)
    (answer,) = in_one_message(message, sent[1:]) if len(sent) > 1 else [{"role": "assistant", "content": ""}]
    return [{**answer, first.additional_properties["field"]: first.text}]


{% include 'template/frameworks/agent-framework/chat_completions.py' %}
