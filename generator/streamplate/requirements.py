"""What an existing repository asks for: what that says of it, and what a project would need besides."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any


def guessed(root: Path, template: Path) -> dict[str, Any]:
    """Answers that a repository gives by itself: its name, and the framework whose packages it asks for."""
    table = _project(root)
    answers = {"project_name": table["name"]} if isinstance(table.get("name"), str) else {}
    asked = {_name(requirement) for requirement in _requirements(root)}
    wanted = {
        path.parent.name: {_name(line) for line in path.read_text("utf-8").splitlines() if line.strip()}
        for path in sorted((template / "template" / "frameworks").glob("*/dependencies.txt"))
    }
    # A framework that stands on another asks for that one's packages too: the most specific one counts.
    fitting = [name for name in wanted if wanted[name] & asked]
    if fitting:
        answers["framework"] = max(fitting, key=lambda name: len(wanted[name] & asked))
    return answers


def lacking(root: Path, rendered: Path, own: list[str]) -> list[str]:
    """What to add by hand to a pyproject.toml that stays its owner's."""
    if "pyproject.toml" not in own:
        return []
    there = {_name(requirement) for requirement in _requirements(root)}
    packages = [each for each in _project(rendered).get("dependencies", []) if _name(each) not in there]
    scripts = {**_project(rendered).get("scripts", {})}
    missing = [name for name in scripts if name not in _project(root).get("scripts", {})]
    steps = [f"Add to the dependencies in pyproject.toml: {', '.join(packages)}"] if packages else []
    lines = ", ".join(f'{name} = "{scripts[name]}"' for name in missing)
    return [*steps, *([f"Add to [project.scripts] in pyproject.toml: {lines}"] if missing else [])]


def _project(root: Path) -> dict[str, Any]:
    path = root / "pyproject.toml"
    try:
        table = tomllib.loads(path.read_text("utf-8")).get("project", {}) if path.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}
    return table if isinstance(table, dict) else {}


def _requirements(root: Path) -> list[str]:
    """Of pyproject.toml and of requirements files."""
    table = _project(root)
    groups = [table.get("dependencies", []), *table.get("optional-dependencies", {}).values()]
    files = [*root.glob("requirements*.txt"), *root.glob("*/requirements.txt")]
    lines = [line for path in files for line in path.read_text("utf-8", errors="replace").splitlines()]
    found = [*(each for group in groups for each in group), *lines]
    return [each for each in found if re.match(r"\s*[A-Za-z0-9]", str(each))]


def _name(requirement: str) -> str:
    """The package of a requirement, as package indexes compare names."""
    found = re.match(r"\s*([A-Za-z0-9._-]+)", requirement)
    return re.sub(r"[-_.]+", "-", found[1]).lower() if found else ""
