"""A run before the first one, for what frameworks import and make only when they are used.

It asks no model: the call is ended before it is sent. So it needs no credentials and opens no connection, and what it
leaves is alike in every session.
"""

import asyncio
import logging
from contextlib import aclosing

from .conversation.history import Prompt, Question
from .errors import Failure
from .prompt import SYSTEM_PROMPT
from .provider.calls import Notes, model_calls
from .runs.run import Runtime
from .tools import TOOLS

logger = logging.getLogger(__name__)

SECONDS = 20
"""An agent that has not come to ask its model by then starts nevertheless."""


class End:
    """Where the model's call would begin. Raises `Failure`."""

    reached = False

    def __call__(self) -> Notes:
        self.reached = True
        raise Failure("model_unavailable")


async def warm_up(runtime: Runtime) -> None:
    """Run the agent as far as its model's call. Logs a warning if it does not get there: no run will."""
    prompt = Prompt(SYSTEM_PROMPT, (Question("Hello"),), tuple(TOOLS))
    end = End()
    error: Exception | None = None
    logging.disable()  # frameworks log the end as an error
    try:
        with model_calls(runtime.settings, watch=end):
            answer = runtime.answer(prompt, runtime.model, runtime.settings)
            async with asyncio.timeout(SECONDS), aclosing(answer) as parts:
                async for _ in parts:
                    pass
    except Exception as raised:
        error = raised
    finally:
        logging.disable(logging.NOTSET)
    if not end.reached:
        logger.warning("the agent does not come to ask its model: %r", error)
