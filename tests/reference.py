"""The pages in docs/reference: `python -m tests.reference` writes them from the code itself; a test compares."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import streamplate
from click.testing import CliRunner
from streamplate.cli import main as command

from tests.template.combinations import questions

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
WRITTEN = "<!-- Written by `python -m tests.reference`. -->"


NAMES = ("questions.md", "commands.md", "python.md", "settings.md", "codes.md")


@cache
def pages() -> dict[str, str]:
    """Each page, by its name."""
    with tempfile.TemporaryDirectory() as folder:
        project = streamplate.new(Path(folder, "my-agent"), {"memory": "agentcore"}, git=False).path
        source = project / "src" / "my_agent"
        texts = (_questions(), _commands(), _python(), _settings(source / "settings.py"), _codes(source))
        return dict(zip(NAMES, texts, strict=True))


def _page(title: str, text: str, parts: list[str]) -> str:
    return "\n\n".join([f"# {title}", WRITTEN, text, *parts]) + "\n"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(' '.join(cell.split()) for cell in line)} |" for line in lines)


def _questions() -> str:
    default = streamplate.new("my-agent", dry_run=True).answers
    text = (
        "What `streamplate new` asks, and `-d KEY=VALUE` answers. Several answers to one question are written `a,b`. "
        "`streamplate configure -d KEY=VALUE` changes an answer later: `+a` adds to a list, `-a` takes away from it."
    )
    return _page("Questions", text, [_question(each, default.get(each.key)) for each in questions()])


def _question(question: streamplate.Question, default: object) -> str:
    listed = ", ".join(map(str, default)) if isinstance(default, list) else str(default if default is not None else "")
    lines = [f"## {question.key}", question.help if question.help.endswith("…") else f"{question.help}."]
    if question.asked != "always":
        lines.append(f"Asked only when {question.asked}.")
    if question.choices:
        rows = [[f"`{value}`", label if label != value else ""] for value, label in question.choices.items()]
        lines.append(_table(["Answer", ""], rows))
    if listed:
        lines.append(f"Default: `{listed}`")
    return "\n\n".join(lines)


def _commands() -> str:
    text = "What `streamplate COMMAND --help` prints."
    with click.Context(command, info_name="streamplate") as context:
        names = command.list_commands(context)
    return _page("Commands", text, [_help(name) for name in names])


def _help(name: str) -> str:
    printed = CliRunner(env={"COLUMNS": "80"}).invoke(command, [name, "--help"], prog_name="streamplate").output
    return f"## {name}\n\n```text\n{printed.strip()}\n```"


def _python() -> str:
    text = "What `import streamplate` gives. The commands are built on these functions."
    found = [(name, getattr(streamplate, name)) for name in streamplate.__all__ if name != "__version__"]
    ordered = sorted(found, key=lambda pair: inspect.isclass(pair[1]))
    return _page("Python", text, [_documented(name, thing) for name, thing in ordered])


def _documented(name: str, thing: object) -> str:
    signature = "" if isinstance(thing, type) and issubclass(thing, Exception) else str(inspect.signature(thing))  # type: ignore[arg-type]
    unquoted = re.sub(r"(: |-> )'([^']*)'", r"\1\2", signature)
    shown = re.sub(r"<function [^=]*? at 0x\w+>|<factory>", "…", re.sub(r"streamplate\.[a-z_.]+\.", "", unquoted))
    return f"## {name}\n\n```python\n{name}{shown}\n```\n\n{inspect.getdoc(thing)}"


def _settings(file: Path) -> str:
    text = (
        "Environment variables of a generated agent. On your machine they may be lines of its `.env`; once deployed "
        "they come from `[environment]` of `deploy.toml`. `.env.example` in the project has those of its provider, "
        "tools and memory too."
    )
    rows = [[f"`{name.upper()}`", f"`{default}`", description] for name, default, description in _fields(file)]
    return _page("Settings of an agent", text, [_table(["Variable", "Default", ""], rows)])


def _fields(file: Path) -> Iterator[tuple[str, str, str]]:
    """Name, default and description of each setting."""
    (found,) = (node for node in ast.parse(file.read_text("utf-8")).body if isinstance(node, ast.ClassDef))
    for field in found.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.value:
            given = (
                {each.arg: each.value for each in field.value.keywords if each.arg}
                if isinstance(field.value, ast.Call)
                else {}
            )
            description = ast.literal_eval(given["description"]) if "description" in given else ""
            yield field.target.id, ast.unparse(given.get("default", field.value)), description


def _codes(source: Path) -> str:
    text = (
        'A request that is refused is answered with an HTTP status and JSON, `{"code": …, "message": …}`; over `/ws` '
        "with a `RUN_ERROR`. A run that fails ends with one `RUN_ERROR`. The codes are stable. The messages are for "
        "people, and may change."
    )
    found = sorted({code for file in sorted(source.rglob("*.py")) for code in _codes_in(file)})
    refused = [[str(status), f"`{code}`", message] for status, code, message in found if status]
    failed = [[f"`{code}`", message] for status, code, message in found if not status]
    parts = [
        "## Refused",
        _table(["Status", "Code", "Message"], refused),
        "## Failed",
        _table(["Code", "Message"], failed),
    ]
    return _page("Error codes", text, parts)


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


def codes() -> set[str]:
    """Every code that the page names."""
    return set(re.findall(r"^\| (?:\d+ \| )?`(\w+)` \|", pages()["codes.md"], re.MULTILINE))


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


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")
        print(FOLDER / name)


if __name__ == "__main__":
    sys.exit(main())
