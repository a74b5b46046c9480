"""The keys of `deploy.toml`: their defaults from the classes that check them, the rest from the file's own lines."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.reference.markdown import page_of, table
from tests.reference.project import Project

LINE = re.compile(r"(?:# )?(?:\[(?P<table>\w+)\]|(?P<key>\w+) = (?P<value>.+?))(?:  # (?P<text>.+))?")


@dataclass
class Table:
    """A table of the file: what it is for, and of each key the line's value and comment."""

    text: str = ""
    lines: dict[str, tuple[str, str]] = field(default_factory=dict)


def page(project: Project) -> str:
    text = (
        "What deploys an agent reads `deploy.toml`. A project has the keys of what was chosen for it; this page has "
        "those of containers, memory and bearer tokens too. A key without a default may be left out, unless it is "
        "among the first four. `uv run deploy --dry-run` checks the file."
    )
    written = _written((project.folder / "deploy.toml").read_text("utf-8"))
    classes = _classes(project)
    parts = [_section("", classes["Config"], written)]
    for key in classes["Config"]:
        if key in written:
            parts.append(_section(key, classes.get(key.title(), {}), written))
    own = (
        "`[environments.NAME]` holds the same keys for another environment, `--environment NAME`, where they differ; "
        "`name` is then `NAME` after the agent's own."
    )
    return page_of("deploy.toml", text, [*parts, "## [environments]", own])


def _written(text: str) -> dict[str, Table]:
    """The tables of the file, in order; the keys before the first one have no name."""
    tables = {"": Table()}
    for line in text.splitlines():
        match = LINE.fullmatch(line)
        if match and match["table"]:
            tables[match["table"]] = Table(match["text"] or "")
        elif match:
            tables[[*tables][-1]].lines[match["key"]] = match["value"], match["text"] or ""
    return tables


def _classes(project: Project) -> dict[str, dict[str, str]]:
    """Of each class that checks a table: its fields, with their defaults."""
    tree = ast.parse((project.folder / "deploy" / "config.py").read_text("utf-8"))
    return {node.name: dict(_fields(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for each in node.body:
        match each:
            case ast.AnnAssign(target=ast.Name(name), value=value) if not name.startswith("_"):
                yield name, _default(value)


def _default(value: ast.expr | None) -> str:
    """A constant as TOML has it; nothing where there is none."""
    match value:
        case ast.Call(func=ast.Name("Field"), keywords=keywords):
            return next((_default(each.value) for each in keywords if each.arg == "default"), "")
        case ast.Constant(int() | str() as constant):
            return f"`{json.dumps(constant)}`"
    return ""


def _section(name: str, fields: dict[str, str], written: dict[str, Table]) -> str:
    """One table of the file. Raises `KeyError` for a key that the file does not show."""
    shown = written[name]
    heading = [f"## [{name}]"] if name else []
    about = [f"{shown.text[:1].upper()}{shown.text[1:]}."] if shown.text else []
    keys = [key for key in fields if name or key not in written]
    if not keys:  # names that the user gives
        return "\n\n".join([*heading, *about, *(f"Such as `{key} = {line[0]}`." for key, line in shown.lines.items())])
    rows = [[f"`{key}`", fields[key], f"`{shown.lines[key][0]}`", shown.lines[key][1]] for key in keys]
    return "\n\n".join([*heading, *about, table(["Key", "Default", "Such as", ""], rows)])
