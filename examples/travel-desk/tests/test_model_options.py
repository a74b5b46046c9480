"""What the settings make of each request to Bedrock, as the local model received it."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from travel_desk.errors import BadSetting
from travel_desk.model import build_model
from travel_desk.settings import Settings

from .agent_client import AgentClient
from local_model.server import Fault, LocalModel, ModelRequest
from local_model.serving import served

CLAUDE = "us.anthropic.claude-sonnet-4-6"
NOVA = "amazon.nova-lite-v1:0"
LLAMA = "meta.llama3-1-70b-instruct-v1:0"
PROFILE = "arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.anthropic.claude-sonnet-4-6"
OWN = "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/abc123"


MODEL = Settings().model_id
FALLBACK = f"{MODEL}-stand-in"
CALL = 'call echo {"text": "hello"}'


def ask(*questions: str, **settings: Any) -> Iterator[Any]:
    """The answers of an agent with these settings to questions in one conversation."""
    from travel_desk.server.app import create_app

    with served(create_app(Settings(**settings))) as url, AgentClient(url) as client:
        session = None
        for question in questions:
            answer = client.ask(question, session)
            session = answer.session
            yield answer


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


def test_the_fallback_answers_where_the_model_is_busy(
    local_model: LocalModel, caplog: pytest.LogCaptureFixture
) -> None:
    local_model.faults += [Fault("throttle", model=MODEL)] * 9
    with caplog.at_level(logging.INFO):
        (answer,) = ask(CALL, fallback_model_id=FALLBACK)

    assert answer.text.count("hello") == 1 and answer.outcome.type == "success"
    assert [request.model for request in local_model.requests] == [MODEL, FALLBACK] * 2
    assert [usage.model for usage in answer.events[-1].usage] == [FALLBACK]
    assert [record.fields["fallbacks"] for record in caplog.records if hasattr(record, "fields")] == [2]


def test_tokens_are_told_of_each_model_that_was_asked(local_model: LocalModel) -> None:
    local_model.faults.append(Fault("unavailable", model=MODEL))
    (answer,) = ask(CALL, fallback_model_id=FALLBACK)

    first, second = answer.events[-1].usage
    assert (first.model, second.model) == (FALLBACK, MODEL)
    assert first.output_tokens == local_model.requests[1].usage["output"]
    assert second.output_tokens == local_model.requests[2].usage["output"]


@pytest.mark.parametrize("fault", [Fault("error", after=12, model=MODEL), Fault("drop", after=12, model=MODEL)])
def test_an_answer_that_has_begun_is_not_given_by_another_model(local_model: LocalModel, fault: Fault) -> None:
    local_model.faults.append(fault)
    (answer,) = ask("Count to 100", fallback_model_id=FALLBACK)

    assert answer.types[-1] == "RUN_ERROR"
    assert answer.text.startswith("1 2") and answer.text.count("1 2 ") == 1
    assert [request.model for request in local_model.requests] == [MODEL]


def test_what_another_model_would_not_mend_is_not_asked_of_it(local_model: LocalModel) -> None:
    local_model.faults.append(Fault("denied", model=MODEL))
    (answer,) = ask("Count to 3", fallback_model_id=FALLBACK)

    assert answer.events[-1].code == "model_access_denied"
    assert [request.model for request in local_model.requests] == [MODEL]


def test_the_model_is_asked_again_where_both_are_busy(local_model: LocalModel) -> None:
    local_model.faults += [Fault("throttle", model=MODEL), Fault("throttle", model=FALLBACK)]
    (answer,) = ask("Count to 3", fallback_model_id=FALLBACK)

    assert answer.text == "1 2 3"
    assert [request.model for request in local_model.requests] == [MODEL, FALLBACK, MODEL]


def test_a_fallback_that_is_the_model_itself_is_refused() -> None:
    with pytest.raises(BadSetting, match="it is the model itself"):
        Settings(fallback_model_id=MODEL)


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
