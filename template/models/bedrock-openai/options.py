"""What the settings add to each request of Bedrock's chat completions, whichever framework makes it.

https://docs.aws.amazon.com/bedrock/latest/userguide/inference-chat-completions.html
"""

from typing import Any

from ..errors import BadSetting
from ..settings import Settings

Request = dict[str, Any]

TIERS = ("default", "priority", "flex")


def check(settings: Settings) -> None:
    """Raises `BadSetting` for what Bedrock's OpenAI API does not have."""
    if settings.prompt_cache is not None:
        raise BadSetting("PROMPT_CACHE", "Bedrock decides what it caches behind its OpenAI API. Leave it unset.")
    if settings.guardrail_id or settings.guardrail_version:
        raise BadSetting("GUARDRAIL_ID", "Bedrock's OpenAI API does not tell what it blocked; its Converse API does.")
    if settings.service_tier and settings.service_tier not in TIERS:
        raise BadSetting("SERVICE_TIER", f"{settings.service_tier} is none of Bedrock's: {', '.join(TIERS)}.")


{% include 'template/models/http/model_in_body.py' %}


def with_options(request: Request, settings: Settings) -> Request:
    """The request with what the settings add."""
    return {**request, "service_tier": settings.service_tier} if settings.service_tier else request
