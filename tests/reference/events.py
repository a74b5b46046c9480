"""The events of a run, from the modules that make them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.reference.markdown import page_of, table
from tests.reference.project import Project

ABOUT = {
    "RUN_STARTED": "The run begins; always the first event.",
    "RUN_FINISHED": "The run ends: `outcome` is `success`, `interrupt` (with the interrupts to answer) or `cancelled`.",
    "RUN_ERROR": "The run failed, or over `/ws` the request was refused; always last. Nothing of a failed run is kept.",
    "TEXT_MESSAGE_START": "The model begins to write.",
    "TEXT_MESSAGE_CONTENT": "A piece of its text.",
    "TEXT_MESSAGE_END": "The text is complete.",
    "REASONING_START": "The model begins to think.",
    "REASONING_MESSAGE_START": "A thought begins.",
    "REASONING_MESSAGE_CONTENT": "A piece of it.",
    "REASONING_MESSAGE_END": "The thought is complete.",
    "REASONING_END": "The model has thought.",
    "REASONING_ENCRYPTED_VALUE": "What the provider wants back with a thought, for itself to read.",
    "TOOL_CALL_START": "The model calls a tool, of the agent or of the client.",
    "TOOL_CALL_ARGS": "A piece of the arguments, which are JSON when put together.",
    "TOOL_CALL_END": "The arguments are complete.",
    "TOOL_CALL_RESULT": "What the tool returned, as the model reads it.",
    "ACTIVITY_SNAPSHOT": "A tool gives a file: `content` has its `name`, `mediaType`, `size`, and base64 in `data`.",
    "ACTIVITY_DELTA": "A piece of a file that is larger than a frame of `/ws`: a JSON patch of `data`.",
    "STATE_SNAPSHOT": "The shared state: if a run begins with some, at a pause, and where a conversation is read.",
    "STATE_DELTA": "A tool changed the state: a JSON patch (RFC 6902).",
    "MESSAGES_SNAPSHOT": "The conversation: where it is read, at a pause, or if its client has not seen all of it.",
    "SUBAGENT_STARTED": "The tool `agent` asks another agent; what it says bears the same `subagentRunId`.",
    "SUBAGENT_FINISHED": "The other agent has answered.",
    "SUBAGENT_ERROR": "The other agent failed; the run goes on.",
}
"""Of each event, when it comes."""
WRITTEN = re.compile(r'"type":"(\w+)",(.+)')
"""An event that is written by hand."""


def page(project: Project) -> str:
    text = (
        "What an agent streams: [AG-UI](https://docs.ag-ui.com/concepts/events) 1.0 events. Over `POST /invocations` "
        "each is a Server-Sent Event: `id:` is its number in the run, `data:` the event, as one line of JSON. Over "
        "`/ws` each is a message. A field without a value is left out. What starts also ends, and a run ends in "
        "either `RUN_FINISHED` or `RUN_ERROR`. The README of a project says which bodies the agent takes."
    )
    found: dict[str, list[str]] = {}
    for name, fields in (event for file in sorted(project.source.rglob("*.py")) for event in _made_in(file)):
        found[name] = [*dict.fromkeys([*found.get(name, []), *fields])]
    if unknown := found.keys() ^ ABOUT.keys():
        raise LookupError(f"ABOUT and the code differ in {', '.join(sorted(unknown))}")
    rows = [[f"`{name}`", ", ".join(f"`{each}`" for each in found[name]), about] for name, about in ABOUT.items()]
    return page_of("Events", text, [table(["Event", "Fields", ""], rows)])


def _made_in(file: Path) -> Iterator[tuple[str, list[str]]]:
    """Each event of AG-UI that a module makes, with the fields that it gives."""
    tree = ast.parse(file.read_text("utf-8"))
    classes = set(_of_ag_ui(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=function, keywords=keywords) if ast.unparse(function) in classes:
                yield _type(ast.unparse(function)), [_camel(each.arg) for each in keywords if each.arg]
            case ast.Call(func=ast.Attribute(value=ast.Name(name), attr="model_validate"), args=[ast.Dict(keys)]):
                if name in classes:
                    yield _type(name), [str(ast.literal_eval(each)) for each in keys if each]
            case ast.JoinedStr(values) if match := WRITTEN.search("".join(map(_constant, values))):
                yield match[1], re.findall(r'"(\w+)":', match[2])


def _of_ag_ui(tree: ast.Module) -> Iterator[str]:
    """The classes of events that a module imports, as it calls them."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="ag_ui.core", names=names):
                yield from (each.name for each in names if each.name.endswith("Event"))
            case ast.Attribute(value=ast.Name("core"), attr=name) if name.endswith("Event"):
                yield f"core.{name}"


def _type(name: str) -> str:
    """TextMessageStartEvent: TEXT_MESSAGE_START."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.removeprefix("core.").removesuffix("Event")).upper()


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))


def _constant(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""
