"""A project's name, and the packages that it depends on."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from streamplate.errors import UsageProblem

PACKAGES = Path("template", "packages.json")
"""In a template that has it: each package that a project may come to depend on, with the requirements that bring it."""


def refuse_own_dependency(template: Path, project: Path) -> None:
    """`UsageProblem` where a rendered project is called like a package that it depends on, directly or not.

    Installers know a package by its name alone: they would look for that one in the project itself.
    """
    if not (template / PACKAGES).is_file():
        return
    name, asked = _read(project / "pyproject.toml")
    origins = json.loads((template / PACKAGES).read_text("utf-8")).get(name, [])
    if bringing := sorted(asked.intersection(origins)):
        raise UsageProblem(
            f"project_name: {name} is a package that comes with {', '.join(bringing)}: it would depend on itself",
            f"Choose another name: -d project_name=my-{name}",
        )


def _read(pyproject: Path) -> tuple[str, set[str]]:
    """The name of a project, and the packages that it asks for, with their extras."""
    table = tomllib.loads(pyproject.read_text("utf-8"))["project"]
    groups = [table.get("dependencies", []), *table.get("optional-dependencies", {}).values()]
    return table["name"], {re.split(r"[<>=!~; ]", requirement)[0].lower() for group in groups for requirement in group}
