"""What the agent asks of who sits at the terminal: to approve a tool call, or to answer a question of a tool."""

import json
from collections.abc import Callable
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.output import create_output
from prompt_toolkit.validation import Validator
from rich.console import Console
from rich.style import Style
from rich.text import Text

from ..stream import Json, asked
from .view import ToolCall, printable

TYPES: dict[str, tuple[type, ...]] = {"integer": (int,), "number": (int, float), "array": (list,), "object": (dict,)}
YES_OR_NO = {"y": True, "yes": True, "n": False, "no": False}


class Person:
    """Asks at the terminal; Ctrl-C and Ctrl-D cancel what is asked."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._line: PromptSession[str] = PromptSession(output=create_output(always_prefer_tty=True))

    def __call__(self, interrupt: Json, call: ToolCall | None) -> Json:
        """An entry of AG-UI's `resume`."""
        self._console.print(question(interrupt), soft_wrap=True)
        if call:
            self._console.print(f"  {call.signature()}", style="dim", markup=False, soft_wrap=True)
        try:
            payload = self._payload(interrupt.get("responseSchema") or {}, call)
        except (KeyboardInterrupt, EOFError):
            return {"interruptId": interrupt["id"], "status": "cancelled"}
        return {"interruptId": interrupt["id"], "status": "resolved", "payload": payload}

    def _payload(self, schema: Json, call: ToolCall | None) -> Json:
        properties = schema.get("properties", {})
        if "approved" in properties:
            return self._approval(call) if "editedArgs" in properties else self._consent()
        required = schema.get("required", [])
        answers = {name: self._value(name, each, name in required) for name, each in properties.items()}
        return {name: value for name, value in answers.items() if value is not None}

    def _approval(self, call: ToolCall | None) -> Json:
        match self._ask("  [y]es, [n]o, [e]dit: ", one_of("y", "yes", "n", "no", "e", "edit"))[0]:
            case "y":
                return {"approved": True}
            case "e":
                before = json.dumps(json.loads((call and call.arguments) or "{}"), ensure_ascii=False)
                return {"approved": True, "editedArgs": json.loads(self._ask("  Arguments: ", is_object, before))}
        return self._declined()

    def _consent(self) -> Json:
        allowed = YES_OR_NO[self._ask("  Have you allowed it there? [y]es, [n]o: ", one_of(*YES_OR_NO))]
        return {"approved": True} if allowed else self._declined()

    def _declined(self) -> Json:
        reason = self._ask("  Why not? ", lambda _: True)
        return {"approved": False} | ({"reason": reason} if reason else {})

    def _value(self, name: str, schema: Json, required: bool) -> Any:
        """One property of an answer; None where it is left out."""
        choices = schema.get("enum", [])
        hint = "/".join(map(str, choices)) or {"boolean": "y/n"}.get(schema.get("type", ""), "")
        label = f"  {printable(str(schema.get('title', name)))}{f' ({hint})' if hint else ''}: "

        def fits(text: str) -> bool:
            return value_of(text, schema) is not None if text else not required

        text = self._ask(label, fits)
        return value_of(text, schema) if text or required else None

    def _ask(self, label: str, fits: Callable[[str], bool], default: str = "") -> str:
        message = "That is not an answer to this."
        validator = Validator.from_callable(lambda text: fits(text.strip()), message, move_cursor_to_end=True)
        return self._line.prompt(label, validator=validator, validate_while_typing=False, default=default).strip()


def question(interrupt: Json) -> Text:
    """What is asked; the address of a page to open is a link, and all of it is shown."""
    message, page = asked(interrupt.get("message"), interrupt.get("metadata"))
    text = Text(f"\n? {printable(message)}", "bold")
    return text.append(f"\n  {page}", Style(bold=False, link=page)) if page else text


def one_of(*words: str) -> Callable[[str], bool]:
    """Whether a text is one of these words."""
    return lambda text: text in words


def is_object(text: str) -> bool:
    """Whether a text is a JSON object."""
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def value_of(text: str, schema: Json) -> Any:
    """What was typed, as the type that a JSON schema asks for; None if it is not."""
    if choices := schema.get("enum"):
        return next((choice for choice in choices if str(choice) == text), None)
    match schema.get("type"):
        case "string":
            return text
        case "boolean":
            return YES_OR_NO.get(text.lower())
    try:
        value = json.loads(text)
    except ValueError:
        return None
    fits = not isinstance(value, bool) and isinstance(value, TYPES.get(schema.get("type", ""), (object,)))
    return value if fits else None
