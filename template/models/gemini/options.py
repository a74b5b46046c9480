"""What the settings add to each request of Gemini's streamGenerateContent, whichever framework makes it.

https://ai.google.dev/api/generate-content
"""

import re
from typing import Any

from ..errors import BadSetting
from ..settings import Settings

Request = dict[str, Any]

MODEL = re.compile(r"(?<=/models/)[^/:]+")  # in the address
TIERS = ("standard", "flex", "priority")


def check(settings: Settings) -> None:
    """Raises `BadSetting` for what Gemini does not have."""
    if settings.prompt_cache is False:
        raise BadSetting("PROMPT_CACHE", "Gemini caches prompts by itself, and cannot be told not to. Leave it unset.")
    if settings.guardrail_id or settings.guardrail_version:
        raise BadSetting("GUARDRAIL_ID", "only Amazon Bedrock has guardrails. Leave it unset.")
    if settings.service_tier and settings.service_tier not in TIERS:
        raise BadSetting("SERVICE_TIER", f"{settings.service_tier} is none of Gemini's: {', '.join(TIERS)}.")


def model_of(url: str, _request: Request) -> str:
    """The model that a request asks."""
    found = MODEL.search(url)
    return found[0] if found else ""


def of_model(url: str, request: Request, model: str) -> tuple[str, Request]:
    """The address and the body of the same request to another model."""
    return MODEL.sub(model, url), request


def with_options(request: Request, settings: Settings) -> Request:
    """The request with what the settings add."""
    return {**request, "serviceTier": settings.service_tier} if settings.service_tier else request
