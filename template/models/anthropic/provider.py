"""Anthropic's API: how its model calls are retried, closed when a run ends, and explained when they fail."""

import asyncio
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import httpx2 as httpx
from anthropic import APIConnectionError, APIError, APIStatusError, AsyncAnthropic
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, retry_if_result, stop_before_delay
from tenacity.wait import wait_random_exponential

from .errors import Failure
from .model_calls import current_calls
from .model_calls import model_calls as model_calls
from .settings import Settings

NAME = "anthropic"

# What the model reads beside text: https://platform.claude.com/docs/en/build-with-claude/vision, …/pdf-support
IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
DOCUMENTS = {"application/pdf", "text/plain"}

# https://platform.claude.com/docs/en/build-with-claude/streaming, https://platform.claude.com/docs/en/api/errors
LAST_EVENT = b"event: message_stop"
{% include 'template/models/http/calls.py' %}


def client(settings: Settings) -> AsyncAnthropic:
    """One client for the whole process. It reads ANTHROPIC_API_KEY, and ANTHROPIC_BASE_URL if that is set."""
    return AsyncAnthropic(http_client=ModelClient(settings), max_retries=0)


{% include 'template/models/http/failure.py' %}


def missing_credentials() -> str | None:
    """What to set before Anthropic can be called from here, or None."""
    return None if os.environ.get("ANTHROPIC_API_KEY") else "No API key was found. Set ANTHROPIC_API_KEY."
