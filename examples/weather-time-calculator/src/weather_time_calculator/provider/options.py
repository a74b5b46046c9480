"""What the settings add to each request of ConverseStream, whichever framework makes it.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

import re
from typing import Any

from ..errors import BadSetting
from ..settings import Settings

Request = dict[str, Any]

# Claude since 3.5 Haiku and 3.7 Sonnet, and Nova: https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
CACHING = re.compile(r"anthropic\.claude-(3-5-haiku|3-7-sonnet|[a-z]+-\d)|amazon\.nova-")
OWN = re.compile(r"^arn:(?!.*:(foundation-model|inference-profile)/)")
"""An ARN that does not say which model it stands for, such as an application inference profile's."""
CACHE_POINT = {"cachePoint": {"type": "default"}}
GUARDRAIL = re.compile(r"[a-z0-9]+|arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:guardrail/[a-z0-9]+")
VERSION = re.compile(r"[1-9][0-9]{0,7}|DRAFT")
TIERS = ("default", "priority", "flex", "reserved")


def check(settings: Settings) -> None:
    """Raises `BadSetting` for what Bedrock does not have."""
    for model in filter(None, (settings.model_id, settings.fallback_model_id)):
        if settings.prompt_cache and not CACHING.search(model) and not OWN.match(model):
            raise BadSetting("PROMPT_CACHE", f"Bedrock has no prompt cache for {model}. Leave it unset.")
    if bool(settings.guardrail_id) != bool(settings.guardrail_version):
        raise BadSetting("GUARDRAIL_ID and GUARDRAIL_VERSION", "a guardrail needs both.")
    if settings.guardrail_id and not GUARDRAIL.fullmatch(settings.guardrail_id):
        raise BadSetting("GUARDRAIL_ID", f"{settings.guardrail_id} is neither a guardrail's id nor its ARN.")
    if settings.guardrail_version and not VERSION.fullmatch(settings.guardrail_version):
        raise BadSetting("GUARDRAIL_VERSION", f"{settings.guardrail_version} is neither a number nor DRAFT.")
    if settings.service_tier and settings.service_tier not in TIERS:
        raise BadSetting("SERVICE_TIER", f"{settings.service_tier} is none of Bedrock's: {', '.join(TIERS)}.")


def with_options(request: Request, settings: Settings) -> Request:
    """The request with what the settings add.

    A guardrail looks at each piece before that is sent on; its trace tells what was masked from what was blocked.
    """
    added: Request = {}
    model, wanted = request["modelId"], settings.prompt_cache
    if wanted is not False and (CACHING.search(model) or (wanted and OWN.match(model))):
        added |= _cache_points(request)
    if settings.guardrail_id:
        named = {"guardrailIdentifier": settings.guardrail_id, "guardrailVersion": settings.guardrail_version}
        added["guardrailConfig"] = {**named, "streamProcessingMode": "sync", "trace": "enabled"}
    if settings.service_tier:
        added["serviceTier"] = {"type": settings.service_tier}
    return {**request, **added}


def _cache_points(request: Request) -> Request:
    """Cache points after the tools, the instructions and the conversation; where the request has some, those count.

    Nova takes none among tools, and no model takes one after a document.
    """
    config, system, messages = request.get("toolConfig") or {}, request.get("system") or [], request["messages"]
    tools, content = config.get("tools") or [], messages[-1]["content"]
    if any("cachePoint" in block for block in [*tools, *system, *(each for m in messages for each in m["content"])]):
        return {}
    marked: Request = {}
    if tools and "anthropic." in request["modelId"]:
        marked["toolConfig"] = {**config, "tools": [*tools, CACHE_POINT]}
    if system:
        marked["system"] = [*system, CACHE_POINT]
    if content and "document" not in content[-1]:
        marked["messages"] = [*messages[:-1], {**messages[-1], "content": [*content, CACHE_POINT]}]
    return marked
