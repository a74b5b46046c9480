{% include 'template/models/openai/chat_completions.py' %}


# What else the models behind this wire do that those behind others do not.
ODDITIES = {"arguments as text"}


def environment(url: str) -> dict[str, str | None]:
    """What points OpenAI's Bedrock client here, with credentials that are worth nothing anywhere else."""
    return {
        "AWS_BEDROCK_BASE_URL": f"{url}/v1",
        "AWS_ACCESS_KEY_ID": "offline",
        "AWS_SECRET_ACCESS_KEY": "offline",
        "AWS_SESSION_TOKEN": None,
        "AWS_BEARER_TOKEN_BEDROCK": None,
        "AWS_PROFILE": None,
    }
