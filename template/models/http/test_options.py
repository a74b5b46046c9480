"""What the settings make of each request to {{ api }}, as the local model received it."""

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


def test_a_request_names_its_service_tier(local_model: LocalModel) -> None:
    [*ask("Count to 2", service_tier="flex")]
    [*ask("Count to 2")]

    assert [request.body.get("{{ tier_field }}") for request in local_model.requests] == ["flex", None]


{% include 'template/models/http/test_fallback.py' %}
