"""What the settings add to each request of the server's chat completions, whichever framework makes it.

https://platform.openai.com/docs/api-reference/chat/create
"""

from typing import Any

from ..errors import BadSetting
from ..settings import Settings

Request = dict[str, Any]


def check(settings: Settings) -> None:
    """Raises `BadSetting` for what the server does not have."""
    if settings.prompt_cache is not None:
        raise BadSetting("PROMPT_CACHE", "the server decides whether it caches prompts. Leave it unset.")
    if settings.guardrail_id or settings.guardrail_version:
        raise BadSetting("GUARDRAIL_ID", "only Amazon Bedrock has guardrails. Leave it unset.")
    if settings.service_tier:
        raise BadSetting("SERVICE_TIER", "servers with OpenAI's API have no tiers. Leave it unset.")


{% include 'template/models/http/model_in_body.py' %}


def with_options(request: Request, _settings: Settings) -> Request:
    """The request with what the settings add."""
    return request
