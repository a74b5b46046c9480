"""The environment variables of an agent: its own, and those of its provider and tools."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

from tests.reference.markdown import page_of, table
from tests.reference.project import Project

TEMPLATE = Path(__file__).parents[2] / "template"


def page(project: Project) -> str:
    text = (
        "Environment variables of a generated agent. On your machine they may be lines of its `.env`; once deployed "
        "they come from `[environment]` of `deploy.toml`. The defaults of `MODEL_ID` and `AWS_REGION` are the answers "
        "to the questions `model_id` and `region`."
    )
    rows = [[f"`{name.upper()}`", default, text] for name, default, text in _fields(project.source / "settings.py")]
    parts = [
        table(["Variable", "Default", ""], rows),
        "## Of a model provider",
        "What `.env.example` says of each:",
        *_lines("models"),
        "## Of a tool",
        *_lines("tools"),
    ]
    return page_of("Settings of an agent", text, parts)


def _fields(file: Path) -> Iterator[tuple[str, str, str]]:
    """Name, default and description of each setting."""
    (found,) = (node for node in ast.parse(file.read_text("utf-8")).body if isinstance(node, ast.ClassDef))
    for field in found.body:
        match field:
            case ast.AnnAssign(target=ast.Name(name), value=ast.Call(keywords=keywords)):
                given = {each.arg: ast.literal_eval(each.value) for each in keywords}
                yield name, _shown(given["default"]), given.get("description", "")
            case ast.AnnAssign(target=ast.Name(name), value=ast.Constant(value)):
                yield name, _shown(value), ""


def _shown(default: object) -> str:
    """A default as it is written in `.env`; nothing where a setting has none."""
    text = default if isinstance(default, str) else json.dumps(default) if default is not None else ""
    return f"`{text}`" if text else ""


def _lines(kind: str) -> Iterator[str]:
    """What the choices of a kind add to `.env.example`."""
    for file in sorted(TEMPLATE.glob(f"{kind}/*/env.txt")):
        text = file.read_text("utf-8").strip().replace("{{ full_model_id }}", "").replace("{{ region }}", "us-west-2")
        yield f"### `{file.parent.name}`\n\n```sh\n{text.replace('{{ model_url }}', '')}\n```"
