"""Anthropic's API: how its model calls are retried, closed when a run ends, and explained when they fail."""

import os

from anthropic import APIError, AsyncAnthropic

from ..errors import Failure
from ..settings import Settings
from .calls import model_calls as model_calls
from .failures import causes, told_failure
from .model_client import ModelClient
from .model_client import connections as connections
from .stream import ID_CHARACTERS as ID_CHARACTERS

NAME = "anthropic"

# What the model reads beside text: https://platform.claude.com/docs/en/build-with-claude/vision, …/pdf-support
IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
DOCUMENTS = {"application/pdf", "text/plain"}


def client(settings: Settings) -> AsyncAnthropic:
    """One client for the whole process. It reads ANTHROPIC_API_KEY, and ANTHROPIC_BASE_URL if that is set."""
    return AsyncAnthropic(http_client=ModelClient(settings), max_retries=0)


{% include 'template/models/http/failure.py' %}


def missing_credentials() -> str | None:
    """What to set before Anthropic can be called from here, or None."""
    return None if os.environ.get("ANTHROPIC_API_KEY") else "No API key was found. Set ANTHROPIC_API_KEY."
