{% include 'template/models/openai/chat_completions.py' %}


def environment(url: str) -> dict[str, str | None]:
    """What points the client here."""
    return {"MODEL_URL": f"{url}/v1", "MODEL_API_KEY": None}
