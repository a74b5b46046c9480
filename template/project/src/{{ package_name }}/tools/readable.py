"""Whatever a tool does, the model gets a text of bounded length that it can read."""

import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any

logger = logging.getLogger(__name__)

MAX_RESULT_CHARACTERS = 20_000


def readable(tool: Callable[..., Any]) -> Callable[..., Any]:
    """The same tool, whose exceptions become results that begin with `Error:`.

    A `ValueError` is the tool's own message to the model; anything else is logged, and the model only learns that
    the tool failed.
    """
    if inspect.iscoroutinefunction(tool):

        @functools.wraps(tool)
        async def run_async(*args: Any, **kwargs: Any) -> str:
            try:
                return _bounded(await tool(*args, **kwargs))
            except Exception as error:
                return _explained(tool, error)

        return run_async

    @functools.wraps(tool)
    def run(*args: Any, **kwargs: Any) -> str:
        try:
            return _bounded(tool(*args, **kwargs))
        except Exception as error:
            return _explained(tool, error)

    return run


def _bounded(result: Any) -> str:
    text = result if isinstance(result, str) else str(result)
    return text if len(text) <= MAX_RESULT_CHARACTERS else f"{text[:MAX_RESULT_CHARACTERS]} … (cut)"


def _explained(tool: Callable[..., Any], error: Exception) -> str:
    if isinstance(error, ValueError):
        return f"Error: {error}"
    logger.error("tool %s failed", tool.__name__, exc_info=error)
    return f"Error: {tool.__name__} failed unexpectedly."
