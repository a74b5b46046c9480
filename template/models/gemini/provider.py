"""Google's Gemini API: how its model calls are retried, closed when a run ends, and explained when they fail."""

import asyncio
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import httpx
from google.genai import Client
from google.genai.errors import APIError
from google.genai.types import HttpOptions
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, retry_if_result, stop_before_delay
from tenacity.wait import wait_random_exponential

from .errors import Failure
from .model_calls import current_calls
from .model_calls import model_calls as model_calls
from .settings import Settings

NAME = "gemini"

# What the model reads beside text: https://ai.google.dev/gemini-api/docs/image-understanding, …/document-processing
IMAGES = {"image/png", "image/jpeg", "image/webp"}
DOCUMENTS = {"application/pdf", "text/plain"}

# https://ai.google.dev/api/generate-content#v1beta.Candidate, https://ai.google.dev/gemini-api/docs/troubleshooting
LAST_EVENT = b'"finishReason"'
{% include 'template/models/http/calls.py' %}


def client(settings: Settings) -> Client:
    """One client for the whole process. It reads GEMINI_API_KEY, and GOOGLE_GEMINI_BASE_URL if that is set."""
    return Client(http_options=HttpOptions(httpx_async_client=ModelClient(settings)))


def failure(error: BaseException) -> Failure | None:
    """What went wrong in a model call, without the provider's own text; None when it was not a model call."""
    for cause in _causes(error):
        if isinstance(cause, APIError):
            return _status_failure(cause.code)
        if isinstance(cause, httpx.TransportError):
            return Failure(*UNAVAILABLE)
    return None


def missing_credentials() -> str | None:
    """What to set before Gemini can be called from here, or None."""
    found = os.environ.get("GEMINI_API_KEY") or os.environ.get("GOOGLE_API_KEY")
    return None if found else "No API key was found. Set GEMINI_API_KEY."
