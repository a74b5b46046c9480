"""The codes of refusals and failures, from the modules that raise them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.reference.markdown import page_of, table
from tests.reference.project import Project


def page(project: Project) -> str:
    text = (
        'A request that is refused is answered with an HTTP status and JSON, `{"code": …, "message": …}`; over `/ws` '
        "with a `RUN_ERROR`. A run that fails ends with one `RUN_ERROR`. The codes are stable. The messages are for "
        "people, and may change."
    )
    found = sorted({code for file in sorted(project.source.rglob("*.py")) for code in _codes_in(file)})
    refused = [[str(status), f"`{code}`", message] for status, code, message in found if status]
    failed = [[f"`{code}`", message] for status, code, message in found if not status]
    parts = [
        "## Refused",
        table(["Status", "Code", "Message"], refused),
        "## Failed",
        table(["Code", "Message"], failed),
    ]
    return page_of("Error codes", text, parts)


def _codes_in(file: Path) -> Iterator[tuple[int, str, str]]:
    """Status (0 for a run that fails), code and message of what a module raises."""
    tree = ast.parse(file.read_text("utf-8"))
    yield from _passed_codes(tree, file)
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name("Refused"), args=[ast.Constant(int(status)), ast.Constant(str(code)), message]):
                yield status, code, _text(message, file)
            case ast.Call(func=ast.Name("Failure"), args=[ast.Constant(str(code)), message]):
                yield 0, code, _text(message, file)
            case ast.Assign(targets=[ast.Name("MESSAGES")], value=ast.Dict() as messages):
                yield from ((0, code, message) for code, message in ast.literal_eval(messages).items())


def _passed_codes(tree: ast.Module, file: Path) -> Iterator[tuple[int, str, str]]:
    """The same of functions that are given the `code` to refuse with."""
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        names = [argument.arg for argument in function.args.args]
        for node in ast.walk(function):
            match node:
                case ast.Call(func=ast.Name("Refused"), args=[ast.Constant(int(status)), ast.Name("code"), message]):
                    for code in _constants(tree, function.name, names.index("code")):
                        yield status, code, _text(message, file)


def _constants(tree: ast.Module, function: str, place: int) -> set[str]:
    """What calls of a function give it in that place."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == function)
    given = (call.args[place] for call in calls if len(call.args) > place)
    return {str(each.value) for each in given if isinstance(each, ast.Constant)}


def _text(message: ast.expr, file: Path) -> str:
    """A message; what differs from one request to the next as …; of a variable, what it was given last before."""
    match message:
        case ast.Constant(str(text)):
            return text
        case ast.JoinedStr(values):
            return "".join(_text(each, file) if isinstance(each, ast.Constant) else "…" for each in values)
        case ast.Name(name):
            given = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Assign)]
            before = [node for node in given if node.lineno < message.lineno and ast.unparse(node.targets[0]) == name]
            return _text(max(before, key=lambda node: node.lineno).value, file) if before else "…"
    return "…"
