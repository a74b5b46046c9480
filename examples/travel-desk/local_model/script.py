"""The script that stands in for a model: the same conversation always gets the same reply.

It calls the tools that the question needs, several at once where several are asked, and then quotes their results.
"""

import itertools
import json
import re
from collections.abc import Iterator

from .conversation import Call, Conversation, Message, Reply, Text, Thoughts, words
from .tools import OFFLINE_TOOLS

COUNT = re.compile(r"\bcount (?:up )?to (\d{1,4})\b", re.IGNORECASE)
RECALL = re.compile(r"\b(remember|recall|earlier|before|(first|last|previous) question)\b", re.IGNORECASE)
EXPLICIT_CALL = re.compile(r"\bcall (\w+) (?=\{)")
AGAIN = "again and again"


def reply(conversation: Conversation) -> Reply:
    """The next message of this conversation."""
    if conversation.blocked:
        return conversation.blocked
    thoughts = [Thoughts(words(_thoughts(conversation)))] if conversation.reasons else []
    text, calls = _said(conversation)
    return Reply((*thoughts, Text(words(text)), *calls))


def _said(conversation: Conversation) -> tuple[str, list[Call]]:
    last = conversation.messages[-1]
    question = _question(conversation.messages)
    if last.results and AGAIN not in question:
        return _quoted(conversation.messages), []
    if calls := list(_calls(question, conversation)):
        return "Let me look that up.", calls
    return _answer(question, conversation), []


def written(reply: Reply) -> int:
    """The tokens of a reply: words stand in for them."""
    return len(f"{reply.thoughts} {reply.text} {[call.arguments for call in reply.calls]}".split())


def _thoughts(conversation: Conversation) -> str:
    if conversation.messages[-1].results:
        return "The tools have answered. I shall quote them."
    return f"They ask: “{_question(conversation.messages)}”. Let me see what that needs."


def _question(messages: list[Message]) -> str:
    return next(message.text for message in reversed(messages) if message.role == "user" and not message.results)


def _calls(question: str, conversation: Conversation) -> Iterator[Call]:
    used = {call.id for message in conversation.messages for call in message.calls}
    ids = (id for number in itertools.count(1) if (id := f"call-{number}") not in used)
    if explicit := list(EXPLICIT_CALL.finditer(question)):
        decode = json.JSONDecoder().raw_decode
        yield from (Call(next(ids), found[1], decode(question, found.end())[0]) for found in explicit)
        return
    for tool in OFFLINE_TOOLS:
        if tool.name in conversation.tools:
            yield from (Call(next(ids), tool.name, found) for found in tool.arguments(question))


def _quoted(messages: list[Message]) -> str:
    calls = {call.id: call.name for message in messages for call in message.calls}
    results = {id: result.replace("\n", "\n  ") for id, result in messages[-1].results.items()}  # lines of one item
    lines = [f"- **{calls[id]}**: {result}" for id, result in results.items()]
    return "\n".join(["Here is what the tools say:", "", *lines])


def _answer(question: str, conversation: Conversation) -> str:
    if counted := COUNT.search(question):
        return " ".join(str(number) for number in range(1, int(counted[1]) + 1))
    earlier = [message.text for message in conversation.messages[:-1] if message.role == "user" and message.text]
    if files := conversation.messages[-1].files:
        return f"You sent {', '.join(f'{file.media_type} ({len(file.data)} bytes)' for file in files)}."
    if RECALL.search(question):
        return f"You asked me: “{'”, then “'.join(earlier)}”." if earlier else "This is your first question."
    return _introduction(conversation)


def _introduction(conversation: Conversation) -> str:
    examples = [tool.example for tool in OFFLINE_TOOLS if tool.name in conversation.tools]
    examples += ["Count to 30", "What was my first question?"]
    introduction = "I am the local model: a script, not an AI. I can show the stream with questions like these:"
    return "\n".join([introduction, "", *(f"- {example}" for example in examples)])
