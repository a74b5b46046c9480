"""What callers send: checked before a stream starts, so that the model is never called for a bad request."""

import base64
import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from ag_ui.core import ContentPart, DataSource, RunAgentInput, TextPart, UserMessage
from pydantic import ValidationError

from .contract import Attachment, Prompt
from .errors import Refused
from .model import READS

SESSION_ID = re.compile(r"[!-~]{1,256}")


@dataclass(frozen=True, slots=True)
class Turn:
    """One question in one session. `thread_id` and `run_id` name it in the events."""

    prompt: Prompt
    session_id: str
    thread_id: str
    run_id: str


def parse(payload: Any, session_id: str | None, new_session_id: str) -> Turn:
    """The turn that a request asks for.

    `payload` is `{"prompt": "…"}` or an AG-UI `RunAgentInput`. The session is `session_id` (AgentCore's header),
    else the input's `threadId`, else `new_session_id`. Raises `Refused` (400) with a stable code.
    """
    if not isinstance(payload, dict):
        raise Refused(400, "not_an_object", 'The body must be a JSON object such as {"prompt": "Hello"}.')
    if "messages" in payload or "threadId" in payload:
        return _from_run_input(payload, session_id)
    session = _checked_session(session_id or new_session_id)
    return Turn(Prompt(_checked_text(payload.get("prompt"))), session, session, str(uuid4()))


def _from_run_input(payload: dict[str, Any], session_id: str | None) -> Turn:
    try:
        run = RunAgentInput.model_validate(payload)
    except (ValidationError, RecursionError) as error:
        raise Refused(400, "invalid_run_input", f"Not an AG-UI RunAgentInput: {_explain(error)}") from error
    thread = _checked_session(run.thread_id)
    session = _checked_session(session_id or thread)
    return Turn(_last_question(run), session, thread, run.run_id)


def _last_question(run: RunAgentInput) -> Prompt:
    """The closing user message: the session holds what was said before it."""
    if not run.messages or not isinstance(message := run.messages[-1], UserMessage):
        raise Refused(400, "no_user_message", "The last message must be the user's.")
    if isinstance(message.content, str):
        return Prompt(_checked_text(message.content))
    text = "\n".join(part.text for part in message.content if isinstance(part, TextPart))
    attachments = (_attachment(part) for part in message.content if not isinstance(part, TextPart))
    return Prompt(_checked_text(text), tuple(attachments))


def _attachment(part: ContentPart) -> Attachment:
    """A file that came with the message. None is fetched from a URL: whoever asks could reach what only we may."""
    source = getattr(part, "source", None)
    if not isinstance(source, DataSource) or source.mime_type not in READS:
        readable = f"files as base64 `data`: {', '.join(sorted(READS))}" if READS else "text only"
        raise Refused(400, "unsupported_content", f"This agent reads {readable}.")
    try:
        return Attachment(source.mime_type, base64.b64decode(source.value, validate=True))
    except ValueError as error:
        raise Refused(400, "invalid_attachment", f"A file's `data` is not base64: {error}.") from error


def _checked_text(prompt: Any) -> str:
    if not isinstance(prompt, str) or not prompt.strip():
        raise Refused(400, "invalid_prompt", "`prompt` must be text, and not blank.")
    return prompt


def _checked_session(session_id: str) -> str:
    if not SESSION_ID.fullmatch(session_id):
        raise Refused(400, "invalid_session", "A session id is 1 to 256 printable ASCII characters, without spaces.")
    return session_id


def _explain(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return "nested too deeply."
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}."
