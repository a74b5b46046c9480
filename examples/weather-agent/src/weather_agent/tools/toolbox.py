"""Tools in the form that every framework gets: a JSON schema, and a call with checked arguments and a time limit."""

import asyncio
import contextvars
import inspect
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, cast, get_type_hints

from docstring_parser import parse
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.json_schema import GenerateJsonSchema

from ..errors import BadSetting, problems
from .approval import Approval
from .ask import Ask
from .results import readable

logger = logging.getLogger(__name__)

Function = Callable[..., Any]

END_SECONDS = 0.2
"""How long a cancelled tool may take to clean up."""
VARIADIC = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}


current_calls: ContextVar[Callable[["Tool", dict[str, Any], str], Awaitable[str]]] = ContextVar("calls")
"""Makes a call of the current run: its result, as the model will read it. A call that waits never returns."""


@dataclass(frozen=True, eq=False)
class Tool:
    """A tool. Without a `function` it is the client's. Tools are compared by identity."""

    name: str
    description: str
    parameters: dict[str, Any]
    """JSON schema of the arguments, an object."""
    function: Function | None = None
    """Takes the arguments by name. It may be async; else it runs in a thread."""
    approval: Approval | None = None
    arguments: Callable[[dict[str, Any]], dict[str, Any]] = field(default=dict)
    """Checks the arguments, and gives them as the function wants them. Raises `ValueError`."""

    async def call(self, arguments: dict[str, Any], call_id: str = "") -> str:
        """What a framework calls. Where it does not know the call's id, the oldest such call is meant."""
        return await current_calls.get()(self, arguments, call_id)


def tool(function: Function | Tool) -> Tool:
    """A function as a tool: its type hints and its docstring (in Google's form) are what the model reads."""
    if isinstance(function, Tool):
        return function
    docstring = parse(function.__doc__ or "")
    model = _arguments(function, {param.arg_name: param.description for param in docstring.params})
    return Tool(
        name=function.__name__,
        description=docstring.description or function.__name__,
        parameters=model.model_json_schema(schema_generator=Schema),
        function=function,
        approval=getattr(function, "approval", None),
        arguments=lambda given: _checked(model, given),
    )


def distinct(tools: Iterable[Tool]) -> list[Tool]:
    """The tools. Raises `BadSetting` where two have one name: a model could not tell which it calls."""
    named: dict[str, Tool] = {}
    for each in tools:
        if named.setdefault(each.name, each) is not each:
            raise BadSetting("The tools", f"two have the name {each.name}.")
    return list(named.values())


class Schema(GenerateJsonSchema):
    """Pydantic's, without the titles that say the names again."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """None."""
        return False


def _arguments(function: Function, descriptions: dict[str, str | None]) -> type[BaseModel]:
    """A model of the function's arguments. Its fields are numbered: a parameter may have any name."""
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    named = (item for item in inspect.signature(function).parameters.items() if item[1].kind not in VARIADIC)
    for number, (name, parameter) in enumerate(named):
        default = ... if parameter.default is parameter.empty else parameter.default
        info = Field(default, alias=name, description=descriptions.get(name))
        fields[f"argument_{number}"] = (hints.get(name, Any), info)
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    return create_model(function.__name__, __config__=config, **fields)


def _checked(model: type[BaseModel], given: dict[str, Any]) -> dict[str, Any]:
    try:
        checked = model.model_validate(given)
    except ValidationError as error:
        raise ValueError(f"The arguments are wrong: {problems(error)}.") from error
    return {info.alias or name: getattr(checked, name) for name, info in model.model_fields.items()}


class Workers:
    """Runs tools, each for a bounded time. A thread cannot be stopped: its slot stays taken until it returns."""

    def __init__(self, seconds: float, slots: int) -> None:
        self._seconds = seconds
        self._free = slots

    @property
    def full(self) -> bool:
        """Whether every slot is taken."""
        return self._free <= 0

    async def run(self, function: Function, arguments: dict[str, Any]) -> str | Ask:
        """What the tool returns, as the model will read it; an exception becomes a result that begins with `Error:`."""
        name = getattr(function, "__name__", "The tool")
        on_loop = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
        if self.full and not on_loop:
            return "Error: too many tools are running. Try again in a moment."
        task = asyncio.create_task(_awaited(name, function(**arguments))) if on_loop else None
        work = task or self._in_thread(name, function, arguments)
        try:
            await asyncio.wait({work}, timeout=self._seconds)
            if work.cancelled():  # by the tool itself
                return _explained(name, asyncio.CancelledError())
            late = f"Error: {name} did not return within {self._seconds:g} seconds."
            return work.result() if work.done() else late
        finally:
            if task:
                await _end(task)

    def _in_thread(self, name: str, function: Function, arguments: dict[str, Any]) -> "asyncio.Future[str | Ask]":
        loop = asyncio.get_running_loop()
        future: asyncio.Future[str | Ask] = loop.create_future()
        context = contextvars.copy_context()

        def work() -> None:
            text = context.run(_called, name, function, arguments)
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(returned, text)

        def returned(text: str | Ask) -> None:
            self._free += 1
            if not future.done():
                future.set_result(text)

        self._free -= 1
        threading.Thread(target=work, name=f"tool {name}", daemon=True).start()
        return future


async def _end(task: "asyncio.Task[str | Ask]") -> None:
    """End a tool that awaits: cancel it and, if it goes on even so, close it."""
    for close in (False, True):
        if task.done():
            return
        if close:
            cast(Coroutine[Any, Any, Any], task.get_coro()).close()
        task.cancel()
        await asyncio.wait({task}, timeout=END_SECONDS)
    if task.done() and not task.cancelled():
        task.exception()  # that of a closed coroutine, which is no news


def _called(name: str, function: Function, arguments: dict[str, Any]) -> str | Ask:
    try:
        result = function(**arguments)
        return readable(asyncio.run(_value(result)) if inspect.isawaitable(result) else result)
    except BaseException as error:
        return _explained(name, error)


async def _awaited(name: str, result: Any) -> str | Ask:
    """The text of a coroutine's or an asynchronous generator's result. A caller's cancellation passes."""
    try:
        return readable(await _value(result))
    except asyncio.CancelledError as error:
        if (task := asyncio.current_task()) and task.cancelling():
            raise
        return _explained(name, error)
    except BaseException as error:
        return _explained(name, error)


async def _value(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else [item async for item in result]


def _explained(name: str, error: BaseException) -> str | Ask:
    """A `ValueError` is the tool's own message to the model; of anything else it only learns that the tool failed.

    Pydantic's `ValidationError` is a `ValueError` that says what was given, which may be a setting: it is no message.
    """
    if isinstance(error, Ask):
        return error
    if isinstance(error, ValueError) and not isinstance(error, ValidationError):
        return f"Error: {readable(str(error))}"
    if not isinstance(error, GeneratorExit):  # so ends one that was closed since it took too long
        logger.error("tool %s failed", name, exc_info=error)
    return f"Error: {name} failed unexpectedly."
