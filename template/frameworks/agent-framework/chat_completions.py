def options(settings: Settings) -> dict[str, Any]:
    """What goes with each model request."""
    return {"extra_body": settings.request_fields}


def in_one_message(message: Message, sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A question with its attachments as one message: Agent Framework would send one for each of them."""
    if message.role != "user" or len(sent) == 1:
        return sent
    return [{**sent[0], "content": [part for one in sent for part in _parts(one["content"])]}]


def _parts(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content
