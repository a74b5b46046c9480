{% include 'template/models/openai/chat_completions.py' %}


# What else the models behind this wire do that those behind others do not.
ODDITIES = {"unsigned thoughts", "arguments as text", "no usage", "no ids"}


# What makes a model reason aloud, as vLLM, SGLang and llama.cpp name it for the models whose template has a switch.
REASONING: dict[str, Any] = {"chat_template_kwargs": {"enable_thinking": True}}


def environment(url: str) -> dict[str, str | None]:
    """What points the client here."""
    return {"MODEL_URL": f"{url}/v1", "MODEL_API_KEY": None}
