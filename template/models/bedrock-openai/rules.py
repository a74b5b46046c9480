"""What Bedrock's endpoint for OpenAI's chat completions refuses.

The shapes are those of OpenAI's own client; what stands beside them is said in
https://platform.openai.com/docs/api-reference/chat/create and
https://docs.aws.amazon.com/bedrock/latest/userguide/inference-chat-completions.html.
"""

{% include 'template/models/openai/chat_rules.py' %}


class Request(CompletionCreateParamsStreaming):
    """A request without a field that the API does not know."""

    __pydantic_config__ = ConfigDict(extra="forbid", arbitrary_types_allowed=True)  # type: ignore[misc]


REQUEST = TypeAdapter(Request)
