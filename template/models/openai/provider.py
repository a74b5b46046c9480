"""OpenAI's API: how its model calls are retried, closed when a run ends, and explained when they fail."""

{% include 'template/models/openai/imports.py' %}

NAME = "openai"

# What the model reads beside text: https://platform.openai.com/docs/guides/images-vision, …/pdf-files
IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
DOCUMENTS = {"application/pdf"}


def client(settings: Settings) -> AsyncOpenAI:
    """One client for the whole process. It reads OPENAI_API_KEY, and OPENAI_BASE_URL if that is set."""
    http: Any = ModelClient(settings)  # OpenAI's SDK before 3.0 takes httpx2's client too, which its types do not say
    return AsyncOpenAI(http_client=http, max_retries=0)


{% include 'template/models/http/failure.py' %}


def missing_credentials() -> str | None:
    """What to set before OpenAI can be called from here, or None."""
    return None if os.environ.get("OPENAI_API_KEY") else "No API key was found. Set OPENAI_API_KEY."
