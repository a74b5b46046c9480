"""What OpenAI's chat completions refuse, with the words that it has for it.

The shapes are those of OpenAI's own client; what stands beside them is said in
https://platform.openai.com/docs/api-reference/chat/create and https://platform.openai.com/docs/guides/function-calling.
"""

{% include 'template/models/openai/chat_rules.py' %}


class Request(CompletionCreateParamsStreaming):
    """A request without a field that the API does not know."""

    __pydantic_config__ = ConfigDict(extra="forbid", arbitrary_types_allowed=True)  # type: ignore[misc]


REQUEST = TypeAdapter(Request)
REASONING_MODEL = re.compile(r"o\d|gpt-[5-9]")


def _model(body: Body) -> Iterator[str]:
    """https://platform.openai.com/docs/guides/reasoning: its thoughts count too, so the limit has another name."""
    if REASONING_MODEL.match(body["model"]) and body.get("max_tokens") is not None:
        yield "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."


RULES.append(_model)
