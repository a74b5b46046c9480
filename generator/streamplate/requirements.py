"""What an existing repository asks for: what that says of it, and what a project would need besides."""

from __future__ import annotations

import codecs
import re
import tomllib
from configparser import ConfigParser, Error
from contextlib import suppress
from pathlib import Path
from typing import Any


def guessed(root: Path, template: Path) -> dict[str, Any]:
    """Answers that a repository gives by itself: its name, and the framework whose packages it asks for."""
    name = re.sub(r"[-_.]+", "-", _own_name(root)).lower()
    answers = {"project_name": name} if re.fullmatch("[a-z][a-z0-9-]*", name) else {}
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
    missing = [name for name in scripts if name not in _table(_project(root), "scripts")]
    steps = [f"Add to the dependencies in pyproject.toml: {', '.join(packages)}"] if packages else []
    lines = ", ".join(f'{name} = "{scripts[name]}"' for name in missing)
    return [*steps, *([f"Add to [project.scripts] in pyproject.toml: {lines}"] if missing else [])]


def _own_name(root: Path) -> str:
    names = (_project(root).get("name"), _poetry(root).get("name"), _setup(root).get("metadata", "name", fallback=""))
    return next((name for name in names if name and isinstance(name, str)), "")


def _project(root: Path) -> dict[str, Any]:
    return _table(_pyproject(root), "project")


def _poetry(root: Path) -> dict[str, Any]:
    """What Poetry has in place of `[project]`."""
    return _table(_table(_pyproject(root), "tool"), "poetry")


def _pyproject(root: Path) -> dict[str, Any]:
    try:
        return tomllib.loads((root / "pyproject.toml").read_text("utf-8-sig"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}


def _setup(root: Path) -> ConfigParser:
    """setup.cfg of setuptools."""
    found = ConfigParser(interpolation=None)
    with suppress(Error, UnicodeDecodeError):
        found.read(root / "setup.cfg", "utf-8-sig")
    return found


def _table(parent: dict[str, Any], name: str) -> dict[str, Any]:
    """A table of a TOML file; empty where something else has its name."""
    found = parent.get(name)
    return found if isinstance(found, dict) else {}


def _requirements(root: Path) -> list[str]:
    """Of pyproject.toml, setup.cfg and of requirements files."""
    table, poetry = _project(root), _poetry(root)
    lists = [table.get("dependencies"), *_table(table, "optional-dependencies").values()]
    found = [each for group in lists if isinstance(group, list) for each in group]
    groups = [poetry, *(each for each in _table(poetry, "group").values() if isinstance(each, dict))]
    found += [name for group in groups for name in _table(group, "dependencies") if name != "python"]
    found += _setup(root).get("options", "install_requires", fallback="").splitlines()
    files = [*root.glob("requirements*.txt"), *root.glob("*/requirements.txt")]
    found += [line for path in files if path.is_file() for line in _text(path).splitlines()]
    return [each for each in found if re.match(r"\s*[A-Za-z0-9]", str(each))]


def _text(path: Path) -> str:
    """A text file; on Windows `pip freeze > requirements.txt` may write UTF-16."""
    content = path.read_bytes()
    utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if utf16 else "utf-8-sig", errors="replace")


def _name(requirement: str) -> str:
    """The package of a requirement, as package indexes compare names."""
    found = re.match(r"\s*([A-Za-z0-9._-]+)", str(requirement))
    return re.sub(r"[-_.]+", "-", found[1]).lower() if found else ""
