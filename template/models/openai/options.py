"""What the settings add to each request of OpenAI's chat completions, whichever framework makes it.

https://platform.openai.com/docs/api-reference/chat/create
"""

from typing import Any

from ..errors import BadSetting
from ..settings import Settings

Request = dict[str, Any]

TIERS = ("auto", "default", "flex", "scale", "priority", "fast")


def check(settings: Settings) -> None:
    """Raises `BadSetting` for what OpenAI does not have."""
    if settings.prompt_cache is False:
        raise BadSetting("PROMPT_CACHE", "OpenAI caches prompts by itself, and cannot be told not to. Leave it unset.")
    if settings.guardrail_id or settings.guardrail_version:
        raise BadSetting("GUARDRAIL_ID", "only Amazon Bedrock has guardrails. Leave it unset.")
    if settings.service_tier and settings.service_tier not in TIERS:
        raise BadSetting("SERVICE_TIER", f"{settings.service_tier} is none of OpenAI's: {', '.join(TIERS)}.")


{% include 'template/models/http/model_in_body.py' %}


def with_options(request: Request, settings: Settings) -> Request:
    """The request with what the settings add."""
    return {**request, "service_tier": settings.service_tier} if settings.service_tier else request
