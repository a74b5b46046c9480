"""What the settings make of each request to a server with OpenAI's API, as the local model received it."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from {{ package_name }}.errors import BadSetting
from {{ package_name }}.model import build_model
from {{ package_name }}.settings import Settings

from .agent_client import AgentClient
from local_model.server import Fault, LocalModel
from local_model.serving import served

{% include 'template/models/http/test_asking.py' %}


def test_tokens_that_the_provider_cached_are_told(local_model: LocalModel) -> None:
    first, second = ask("Count to 3", "Count to 4")

    assert first.events[-1].usage[0].cached_input_tokens in {0, None}
    assert second.events[-1].usage[0].cached_input_tokens == local_model.requests[1].usage["read"] > 0


{% include 'template/models/http/test_fallback.py' %}


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"prompt_cache": True}, "PROMPT_CACHE.*the server decides"),
        ({"prompt_cache": False}, "PROMPT_CACHE.*the server decides"),
        ({"guardrail_id": "abc123", "guardrail_version": "1"}, "GUARDRAIL_ID.*only Amazon Bedrock"),
        ({"service_tier": "flex"}, "SERVICE_TIER.*servers with OpenAI's API have no tiers"),
    ],
)
def test_what_the_provider_does_not_have_is_refused_at_the_start(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadSetting, match=problem):
        build_model(Settings(**settings))
