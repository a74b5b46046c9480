"""What the settings make of each request to Anthropic, as the local model received it."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from {{ package_name }}.errors import BadSetting
from {{ package_name }}.model import build_model
from {{ package_name }}.settings import Settings

from .agent_client import AgentClient
from local_model.server import Fault, LocalModel, ModelRequest
from local_model.serving import served
from local_model.wire import blocks

{% include 'template/models/http/test_asking.py' %}


def points(request: ModelRequest) -> list[str]:
    """The fields of a request whose last block is a cache point, and whether others are."""
    body = request.body
    fields = {"tools": body["tools"], "system": blocks({"content": body["system"]})}
    fields |= {str(number): blocks(message) for number, message in enumerate(body["messages"])}
    found = [name for name, field in fields.items() for block in field if block.get("cache_control")]
    assert found == [name for name, field in fields.items() if field[-1].get("cache_control")]
    return found


def test_each_request_is_cached_up_to_its_end(local_model: LocalModel) -> None:
    answers = [*ask(CALL, "Count to 3")]

    assert [points(request)[:2] for request in local_model.requests] == [["tools", "system"]] * 3
    assert [len(points(request)) for request in local_model.requests] == [3, 3, 3]
    first, second, third = (request.usage for request in local_model.requests)
    assert first["read"] == 0 and first["written"] == first["input"]
    assert second["read"] == first["input"] and third["read"] == second["input"]
    told = [answer.events[-1].usage[0] for answer in answers]
    assert [usage.cached_input_tokens for usage in told] == [second["read"], third["read"]]
    assert told[1].cache_write_input_tokens == third["written"]


def test_another_conversation_reads_tools_and_instructions_from_the_cache(local_model: LocalModel) -> None:
    for question in ("Count to 2", "Count to 3"):
        [*ask(question)]

    assert 0 < local_model.requests[1].usage["read"] < local_model.requests[1].usage["input"]


def test_nothing_is_cached_where_the_settings_say_so(local_model: LocalModel) -> None:
    [*ask("Count to 3", prompt_cache=False)]

    assert points(local_model.requests[0]) == []


def test_a_request_names_its_service_tier(local_model: LocalModel) -> None:
    [*ask("Count to 2", service_tier="standard_only")]
    [*ask("Count to 2")]

    assert [request.body.get("service_tier") for request in local_model.requests] == ["standard_only", None]


{% include 'template/models/http/test_fallback.py' %}


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"guardrail_id": "abc123", "guardrail_version": "1"}, "GUARDRAIL_ID.*only Amazon Bedrock"),
        ({"service_tier": "gold"}, "SERVICE_TIER.*gold is none of Anthropic's"),
    ],
)
def test_what_the_provider_does_not_have_is_refused_at_the_start(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadSetting, match=problem):
        build_model(Settings(**settings))
