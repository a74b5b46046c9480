"""Events of a tool while it works: AG-UI events in the stream of the run that called it."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class CurrentCall:
    """The call that the tool answers. `tell` takes an event's JSON, from asynchronous tools only."""

    id: str = ""
    tell: Callable[[str], None] = lambda event: None


current_call: ContextVar[CurrentCall] = ContextVar("call", default=CurrentCall())  # noqa: B039 - it is frozen
