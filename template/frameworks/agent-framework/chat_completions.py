def options(settings: Settings) -> dict[str, Any]:
    """What goes with each model request."""
    return {"extra_body": settings.request_fields}


def in_one_message(message: Message, sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A message as one: Agent Framework would send one for each attachment, and one for text that follows a call."""
    if len(sent) == 1 or message.role not in {"user", "assistant"}:
        return sent
    whole = {name: value for one in sent for name, value in one.items()}
    contents = [part for one in sent for part in _parts(one.get("content") or [])]
    calls = [call for one in sent for call in one.get("tool_calls") or []]
    return [{**whole, "content": contents, **({"tool_calls": calls} if calls else {})}]


def _parts(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content
