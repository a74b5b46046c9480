"""The messages that a client sends: checks each, and merges them with the history that the agent keeps."""

from collections.abc import Sequence
from itertools import takewhile

from ag_ui.core import AssistantMessage, DataSource, Message, TextPart, ToolMessage, UserMessage

from ..errors import Failure, Refused
from ..model import READS
from ..provider.answer import check_arguments
from ..runs.requests import ID, TOOL_NAME
from .history import attachments_of, text_of

INSTRUCTIONS = {"system", "developer"}
MAX_MESSAGES = 1000


def checked(messages: Sequence[Message], *, allow_instructions: bool) -> list[Message]:
    """Those that a model can be shown. Raises `Refused` (400) for one that it cannot, or must not."""
    if len(messages) > MAX_MESSAGES:
        raise Refused(400, "too_many_messages", f"There are {len(messages)} messages: {MAX_MESSAGES} are the most.")
    ids = [message.id for message in messages]
    if len(set(ids)) < len(ids) or not all(map(ID.fullmatch, ids)):
        raise Refused(400, "invalid_message_id", "A message's id is unique, of 1 to 256 printable ASCII characters.")
    if not allow_instructions and any(message.role in INSTRUCTIONS for message in messages):
        raise Refused(400, "instructions_refused", "This agent takes no system or developer messages from clients.")
    for message in messages:
        _check(message)
    return [message for message in messages if _is_ours(message)]


def _is_ours(message: Message) -> bool:
    """Whether models see it: activities are shown to people only, and so is what a subagent said."""
    return message.role != "activity" and getattr(message, "subagent_run_id", None) is None


def _check(message: Message) -> None:
    if isinstance(message, UserMessage):
        _check_question(message)
    elif isinstance(message, AssistantMessage):
        for call in message.tool_calls or []:
            if not ID.fullmatch(call.id) or not TOOL_NAME.fullmatch(call.function.name):
                raise Refused(400, "invalid_tool_call", "A tool call's id or name has characters that no model takes.")
            try:
                check_arguments(call.function.arguments or "{}")
            except Failure as failure:
                raise Refused(400, "invalid_tool_call", "A tool call's arguments are no JSON object.") from failure
    elif isinstance(message, ToolMessage) and not all(isinstance(part, str | TextPart) for part in message.content):
        raise Refused(400, "unsupported_content", "A tool's result must be text.")


def _check_question(message: UserMessage) -> None:
    """No file is fetched from a URL: a caller could make the agent read what only the agent may reach."""
    for part in [] if isinstance(message.content, str) else message.content:
        source = getattr(part, "source", None)
        if isinstance(part, TextPart) or (isinstance(source, DataSource) and source.mime_type in READS):
            continue
        readable = f"files as base64 `data`: {', '.join(sorted(READS))}" if READS else "text only"
        raise Refused(400, "unsupported_content", f"This agent reads {readable}.")
    if not text_of(message).strip():
        raise Refused(400, "invalid_prompt", "A question must be text, and not blank.")
    try:
        list(attachments_of(message))
    except ValueError as error:
        raise Refused(400, "invalid_attachment", f"A file's `data` is not base64: {error}.") from error


def merged(ours: list[Message], sent: list[Message]) -> list[Message]:
    """Our messages, gone on with as the client asks.

    A single message that we do not know comes after ours. Of a longer list, what agrees with ours is ours; from where
    it differs the list counts, since the user edited a question, or asks for another answer.
    """
    places = {message.id: index for index, message in enumerate(ours)}
    known = next((index for index, message in enumerate(sent) if message.id in places), None)
    if known is None:
        return [*ours, *sent] if len(sent) == 1 else sent
    start = places[sent[known].id]
    pairs = zip(ours[start:], sent[known:], strict=False)
    agreed = len([*takewhile(lambda pair: _said(pair[0]) == _said(pair[1]), pairs)])
    rest = sent[known + agreed :]
    if forged := next((message for message in rest if not isinstance(message, UserMessage)), None):
        raise Refused(400, "forged_message", f"Message {forged.id} ({forged.role}) is not what this agent has said.")
    return [*ours[: start + agreed], *rest]


def _said(message: Message) -> tuple[str, str, str]:
    return message.id, message.role, text_of(message)


def check_order(messages: Sequence[Message]) -> None:
    """Raise `Refused` (400) unless every call has its results next, and the last message asks for an answer."""
    calls: set[str] = set()
    for message in messages:
        if isinstance(message, ToolMessage):
            if message.tool_call_id not in calls:
                raise Refused(400, "unknown_tool_call", f"Message {message.id} is the result of no call before it.")
            calls.remove(message.tool_call_id)
        elif isinstance(message, UserMessage) and calls:
            raise Refused(400, "unanswered_call", f"A tool call has no result: {min(calls)}.")
        elif isinstance(message, AssistantMessage):
            calls |= {call.id for call in message.tool_calls or []}
    if calls:
        raise Refused(400, "unanswered_call", f"A tool call has no result: {min(calls)}.")
    if not messages or not isinstance(messages[-1], UserMessage | ToolMessage):
        raise Refused(400, "no_user_message", "The last message must be the user's, or a tool's result.")
