"""What a server with OpenAI's chat completions refuses, when its model's template is as strict as any.

The shapes are those of OpenAI's own client, with more fields, since each server has its own. Templates of chats want
the roles in turn, and calls whose arguments are an object: https://huggingface.co/docs/transformers/chat_templating,
https://docs.vllm.ai/en/latest/features/tool_calling.html, https://github.com/ggml-org/llama.cpp/tree/master/tools/server.
"""

{% include 'template/models/openai/chat_rules.py' %}


class Request(CompletionCreateParamsStreaming):
    """A request; what a server does not know, it ignores."""

    __pydantic_config__ = ConfigDict(extra="allow", arbitrary_types_allowed=True)  # type: ignore[misc]


REQUEST = TypeAdapter(Request)
ARGUMENTS = TypeAdapter(dict[str, Any])


def _roles(body: Body) -> Iterator[str]:
    roles = [message["role"] for message in body["messages"]]
    if "system" in roles[1:]:
        yield "System message must be at the beginning."
    said = [message for message in body["messages"] if message["role"] == "user" or not message.get("tool_calls")]
    turns = [message["role"] for message in said if message["role"] in {"user", "assistant"}]
    if turns[:1] != ["user"] or any(role == following for role, following in itertools.pairwise(turns)):
        yield f"After the optional system message, conversation roles must alternate user/assistant/...: {roles}"


def _arguments(body: Body) -> Iterator[str]:
    for call in (call for message in body["messages"] for call in message.get("tool_calls") or []):
        try:
            ARGUMENTS.validate_json(call["function"]["arguments"])
        except ValidationError:
            yield f"Failed to parse tool call arguments as a JSON object: {call['function']['arguments']!r}"


RULES += [_roles, _arguments]
