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
# https://docs.aws.amazon.com/bedrock/latest/userguide/service-tiers-inference.html
TIERS = {"priority", "default", "flex"}


def _tier(body: Body) -> Iterator[str]:
    if body.get("service_tier", "default") not in TIERS:
        yield f"service_tier: expected one of {sorted(TIERS)}."


RULES.append(_tier)
