{% include 'template/models/openai/chat_completions.py' %}


# What else the models behind this wire do that those behind others do not.
ODDITIES = {"arguments as text"}


def environment(url: str) -> dict[str, str | None]:
    """What points OpenAI's client here, with a key that is worth nothing anywhere else."""
    account = dict.fromkeys(("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY"))
    return {"OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": "offline", **account}
