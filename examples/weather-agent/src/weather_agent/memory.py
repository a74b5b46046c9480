"""Where conversations are kept: in this process, for as long as it holds the session."""

from ag_ui.core import Context

from .conversation.conversation import Conversation


async def read(session_id: str) -> Conversation:
    """What was kept of a session that the process does not hold: nothing."""
    return Conversation()


async def keep(session_id: str, conversation: Conversation) -> None:
    """Keep a conversation, after each turn. The process holds it already."""


async def recall(question: str) -> list[Context]:
    """What is known of the caller from other sessions: nothing."""
    return []
