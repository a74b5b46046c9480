"""A server with OpenAI's API: how its model calls are retried, closed when a run ends, and explained when they fail."""

{% include 'template/models/openai/imports.py' %}

NAME = "openai-compatible"

# What a model may read beside text: whether it does, only the server knows. Documents are not in the common API.
IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
DOCUMENTS: set[str] = set()


def client(settings: Settings) -> AsyncOpenAI:
    """One client for the whole process. Servers that want no key take any."""
    http: Any = ModelClient(settings)  # OpenAI's SDK before 3.0 takes httpx2's client too, which its types do not say
    key = os.environ.get("MODEL_API_KEY") or "none"
    return AsyncOpenAI(base_url=settings.model_url, api_key=key, http_client=http, max_retries=0)


{% include 'template/models/http/failure.py' %}


def missing_credentials() -> str | None:
    """Whether the server wants a key, only the server knows."""
    return None
