"""Google's Gemini API: how its model calls are retried, closed when a run ends, and explained when they fail."""

import os

from google.genai import Client
from google.genai.errors import APIError
from google.genai.types import HttpOptions

from ..errors import Failure
from ..settings import Settings
from .answer import ID_CHARACTERS as ID_CHARACTERS
from .calls import model_calls as model_calls
from .failures import causes, told_failure
from .model_client import ModelClient
from .model_client import connections as connections

NAME = "gemini"

# What the model reads beside text: https://ai.google.dev/gemini-api/docs/image-understanding, …/document-processing
IMAGES = {"image/png", "image/jpeg", "image/webp"}
DOCUMENTS = {"application/pdf", "text/plain"}


def client(settings: Settings) -> Client:
    """One client for the whole process. It reads GEMINI_API_KEY, and GOOGLE_GEMINI_BASE_URL if that is set."""
    return Client(http_options=HttpOptions(httpx_async_client=ModelClient(settings)))


{% include 'template/models/http/failure.py' %}


def missing_credentials() -> str | None:
    """What to set before Gemini can be called from here, or None."""
    found = os.environ.get("GEMINI_API_KEY") or os.environ.get("GOOGLE_API_KEY")
    return None if found else "No API key was found. Set GEMINI_API_KEY."
