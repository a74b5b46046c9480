"""What the settings add to each request of Anthropic's messages, whichever framework makes it.

https://platform.claude.com/docs/en/api/messages/create
"""

from typing import Any

from ..errors import BadSetting
from ..settings import Settings

Request = dict[str, Any]

# https://platform.claude.com/docs/en/build-with-claude/prompt-caching: every model has one.
CACHE_POINT = {"cache_control": {"type": "ephemeral"}}
TIERS = ("auto", "standard_only")  # https://platform.claude.com/docs/en/api/service-tiers


def check(settings: Settings) -> None:
    """Raises `BadSetting` for what Anthropic does not have."""
    if settings.guardrail_id or settings.guardrail_version:
        raise BadSetting("GUARDRAIL_ID", "only Amazon Bedrock has guardrails. Leave it unset.")
    if settings.service_tier and settings.service_tier not in TIERS:
        raise BadSetting("SERVICE_TIER", f"{settings.service_tier} is none of Anthropic's: {', '.join(TIERS)}.")


{% include 'template/models/http/model_in_body.py' %}


def with_options(request: Request, settings: Settings) -> Request:
    """The request with what the settings add."""
    added = {} if settings.prompt_cache is False else _cache_points(request)
    if settings.service_tier:
        added["service_tier"] = settings.service_tier
    return {**request, **added}


def _cache_points(request: Request) -> Request:
    """Cache points after the tools, the instructions and the conversation; where the request has some, those count."""
    tools, system, messages = request.get("tools") or [], _blocks(request.get("system")), request["messages"]
    content = [_blocks(message["content"]) for message in messages]
    found = [*tools, *system, *(block for blocks in content for block in blocks)]
    if "cache_control" in request or any("cache_control" in block for block in found):
        return {}
    marked: Request = {"messages": [*messages[:-1], {**messages[-1], "content": _marked(content[-1])}]}
    if tools:
        marked["tools"] = _marked(tools)
    if system:
        marked["system"] = _marked(system)
    return marked


def _blocks(content: Any) -> list[Request]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content or []


def _marked(blocks: list[Request]) -> list[Request]:
    return [*blocks[:-1], {**blocks[-1], **CACHE_POINT}] if blocks else blocks
