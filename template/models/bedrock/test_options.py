"""What the settings make of each request to Bedrock, as the local model received it."""

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

CLAUDE = "us.anthropic.claude-sonnet-4-6"
NOVA = "amazon.nova-lite-v1:0"
LLAMA = "meta.llama3-1-70b-instruct-v1:0"
PROFILE = "arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.anthropic.claude-sonnet-4-6"
OWN = "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/abc123"


{% include 'template/models/http/test_asking.py' %}


def points(request: ModelRequest) -> list[str]:
    """The fields of a request whose last member is a cache point, and whether others are."""
    body = request.body
    fields = {"tools": body.get("toolConfig", {}).get("tools", []), "system": body["system"]}
    fields |= {str(number): message["content"] for number, message in enumerate(body["messages"])}
    found = [name for name, field in fields.items() for block in field if "cachePoint" in block]
    assert found == [name for name, field in fields.items() if "cachePoint" in field[-1]]
    return found


def test_each_request_is_cached_up_to_its_end(local_model: LocalModel) -> None:
    answers = [*ask(CALL, "Count to 3", model_id=CLAUDE)]

    assert [points(request) for request in local_model.requests] == [
        ["tools", "system", "0"], ["tools", "system", "2"], ["tools", "system", "4"]
    ]  # fmt: skip
    first, second, third = (request.usage for request in local_model.requests)
    assert first["read"] == 0 and first["written"] == first["input"]
    assert second["read"] == first["input"] and third["read"] == second["input"]
    told = [answer.events[-1].usage[0] for answer in answers]
    assert [usage.cached_input_tokens for usage in told] == [second["read"], third["read"]]
    assert told[1].cache_write_input_tokens == third["written"]


def test_another_conversation_reads_tools_and_instructions_from_the_cache(local_model: LocalModel) -> None:
    for question in ("Count to 2", "Count to 3"):
        [*ask(question, model_id=CLAUDE)]

    assert 0 < local_model.requests[1].usage["read"] < local_model.requests[1].usage["input"]


@pytest.mark.parametrize(
    ("model", "setting", "expected"),
    [
        (NOVA, None, ["system", "0"]),
        (LLAMA, None, []),
        (CLAUDE, False, []),
        (PROFILE, None, ["tools", "system", "0"]),
        (OWN, None, []),
        (OWN, True, ["system", "0"]),
    ],
)
def test_cache_points_are_set_where_the_model_takes_them(
    local_model: LocalModel, model: str, setting: bool | None, expected: list[str]
) -> None:
    (answer,) = ask("Count to 3", model_id=model, prompt_cache=setting)

    assert answer.text == "1 2 3"
    assert points(local_model.requests[0]) == expected


def test_every_call_passes_the_guardrail(local_model: LocalModel) -> None:
    (answer,) = ask(CALL, guardrail_id="abc123", guardrail_version="7")

    assert answer.outcome.type == "success"
    configs = [request.body["guardrailConfig"] for request in local_model.requests]
    assert [(config["guardrailIdentifier"], config["guardrailVersion"]) for config in configs] == [("abc123", "7")] * 2
    assert {config["streamProcessingMode"] for config in configs} == {"sync"}


def test_what_a_guardrail_blocks_fails_with_its_own_words_and_is_forgotten(local_model: LocalModel) -> None:
    blocked, fine = ask("Say the forbidden word", "Count to 3", guardrail_id="abc123", guardrail_version="DRAFT")

    assert blocked.events[-1].code == "guardrail_intervened"
    assert blocked.events[-1].message == "A guardrail blocked this."
    assert fine.text == "1 2 3"


def test_a_request_names_its_service_tier(local_model: LocalModel) -> None:
    [*ask("Count to 2", service_tier="flex")]
    [*ask("Count to 2")]

    assert [request.body.get("serviceTier") for request in local_model.requests] == [{"type": "flex"}, None]


{% include 'template/models/http/test_fallback.py' %}


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"model_id": LLAMA, "prompt_cache": True}, f"PROMPT_CACHE.*Bedrock has no prompt cache for {LLAMA}"),
        ({"guardrail_id": "abc123"}, "GUARDRAIL_ID and GUARDRAIL_VERSION.*a guardrail needs both"),
        ({"guardrail_version": "1"}, "GUARDRAIL_ID and GUARDRAIL_VERSION.*a guardrail needs both"),
        ({"guardrail_id": "My Guardrail", "guardrail_version": "1"}, "GUARDRAIL_ID.*My Guardrail is neither"),
        ({"guardrail_id": "abc123", "guardrail_version": "latest"}, "GUARDRAIL_VERSION.*latest is neither"),
        ({"service_tier": "gold"}, "SERVICE_TIER.*gold is none of Bedrock's: default, priority, flex, reserved"),
    ],
)
def test_what_bedrock_does_not_have_is_refused_at_the_start(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadSetting, match=problem):
        build_model(Settings(**settings))
