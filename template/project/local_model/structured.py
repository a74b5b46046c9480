"""The script's reply where an answer has a form: it says its text, and gives an answer made of the form's schema."""

from typing import Any

from . import script
from .conversation import Call, Conversation, Reply

NAME = "give_answer"
FORMATS = {
    "date": "2026-05-12",
    "time": "12:15:00Z",
    "date-time": "2026-05-12T12:15:00Z",
    "email": "ann@example.com",
    "uri": "https://example.com/",
    "uuid": "6f1c0a52-5d0c-4b8e-9d5f-3c1b7a9e2f10",
}


def reply(conversation: Conversation) -> Reply:
    """As the script's, and the answer with it once no other tool is needed."""
    said = script.reply(conversation)
    if said.calls or said.stop or NAME not in conversation.tools:
        return said
    used = sum(len(message.calls) for message in conversation.messages)
    schema = conversation.tools[NAME]
    return Reply((*said.blocks, Call(f"answer-{used + 1}", NAME, sample(schema, schema, said.text))))


def sample(schema: dict[str, Any], whole: dict[str, Any], text: str) -> Any:
    """A value that fits the schema, whose strings are the text where they may be; of patterns it knows nothing."""
    if "$ref" in schema:
        return sample(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole, text)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return sample(schema[choice][0], whole, text)
    if values := schema.get("enum") or [schema[name] for name in ("const", "default") if name in schema]:
        return values[0]
    kind = str(schema.get("type", "string")).lower()
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: sample(fields[name], whole, text) for name in schema.get("required", [])}
    if kind == "array":
        count = int(schema.get("minItems") or 1)
        return [sample(schema.get("items", {}), whole, text)] * count
    if kind == "string":
        return FORMATS.get(schema.get("format", ""), text[: int(schema.get("maxLength") or len(text))])
    return {"boolean": True, "null": None}.get(kind, _number(schema))


def _number(schema: dict[str, Any]) -> int:
    """The least whole number that is allowed, or the greatest."""
    least, most = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1), schema.get("maximum")
    return int(least if most is None else min(least, most))
