"""A run: one turn of one conversation, told as AG-UI events."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from . import provider
from .agent import Conversation
from .errors import Failure, internal_failure
from .events import RunEvents
from .inputs import Turn
from .settings import Settings

logger = logging.getLogger(__name__)


async def run(turn: Turn, conversation: Conversation, settings: Settings) -> AsyncGenerator[str]:
    """The JSON of each event, as it happens; a failure is the closing RUN_ERROR.

    Closing the iterator, or cancelling the task that reads it, closes the model's stream at once.
    """
    events = RunEvents(turn.thread_id, turn.run_id, provider=provider.NAME, model=settings.model_id)
    yield events.started()
    try:
        with provider.model_calls(settings):
            async with aclosing(conversation.stream(turn.prompt)) as parts:
                async for part in parts:
                    for event in events.of(part):
                        yield event
    except Exception as error:
        logger.exception("run %s of session %s failed", turn.run_id, turn.session_id)
        yield events.failed(_failure(error))
    else:
        for event in events.finished():
            yield event


def _failure(error: Exception) -> Failure:
    if isinstance(error, Failure):
        return error
    return provider.failure(error) or internal_failure()
