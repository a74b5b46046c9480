"""The functions and classes of the package `streamplate`."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from typing import Any, get_overloads

import streamplate

from tests.reference.markdown import page_of, table


def page() -> str:
    text = "What `import streamplate` gives. The commands are built on these functions."
    found = [(name, getattr(streamplate, name)) for name in streamplate.__all__ if name != "__version__"]
    ordered = sorted(found, key=lambda pair: inspect.isclass(pair[1]))
    return page_of("Python", text, [_documented(name, thing) for name, thing in ordered])


def _documented(name: str, thing: Any) -> str:
    fields = _fields(thing) if isinstance(thing, type) else []
    calls = [] if isinstance(thing, type) else get_overloads(thing) or [thing]
    shown = "".join(f"```python\n{name}{_signature(each)}\n```\n\n" for each in calls)
    rows = f"\n\n{table(['Field', 'Type', ''], fields)}" if fields else ""
    return f"## {name}\n\n{shown}{inspect.getdoc(thing)}{rows}"


def _signature(thing: Any) -> str:
    unquoted = re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(inspect.signature(thing)))
    return re.sub(r"<function [^=]*? at 0x\w+>|<factory>", "…", re.sub(r"streamplate\.[a-z_.]+\.", "", unquoted))


def _fields(thing: type) -> list[list[str]]:
    """Name, type and description of each public field of a dataclass: a string below a field describes it."""
    (found,) = ast.parse(textwrap.dedent(inspect.getsource(thing))).body
    assert isinstance(found, ast.ClassDef)
    rows: list[list[str]] = []
    for node in found.body:
        match node:
            case ast.AnnAssign(target=ast.Name(name), annotation=annotation) if not name.startswith("_"):
                rows.append([f"`{name}`", f"`{ast.unparse(annotation)}`", ""])
            case ast.Expr(value=ast.Constant(str(text))) if rows:
                rows[-1][2] = text
    return rows
