"""The template is a tree that anyone can read: plain paths, and Python that every editor understands."""

from __future__ import annotations

import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template"
PROJECT = TEMPLATE / "project"
PATHS = [path.relative_to(TEMPLATE).as_posix() for path in TEMPLATE.rglob("*") if path.is_file()]
LONGEST = 90
"""Windows takes 260 characters for a whole path."""

CONSTANT_INCLUDE = re.compile(r"\A\{% include '[^'~]+' %\}\n?\Z")
WHOLE = ("frameworks/*/agent.py", "models/*/provider.py", "models/*/wire.py", "deployments/auth/*/caller.py")
"""Variants of a file; the other `.py` beside project/ are lines of one, and import nothing."""


def test_no_path_holds_a_condition() -> None:
    assert [path for path in PATHS if "{%" in path] == []


def test_paths_are_short() -> None:
    assert [path for path in PATHS if len(path) > LONGEST] == []


def test_a_file_of_its_own_stands_at_its_own_place() -> None:
    """What is included as a whole is one of several variants: its path follows from an answer."""
    stubs = [path for path in PATHS if path.startswith("project/") and path.endswith(".jinja")]

    assert [path for path in stubs if CONSTANT_INCLUDE.match((TEMPLATE / path).read_text("utf-8"))] == []


def excluded() -> list[str]:
    """The patterns of files that some answer leaves out, but for those made of the name of a choice."""
    parts = [
        part for file in (TEMPLATE / "questions").glob("*.yml") for part in yaml.safe_load_all(file.read_text("utf-8"))
    ]
    written = [pattern for part in parts for pattern in part.get("_exclude", [])]
    tables = [list(part["deployment_files"]["default"].values()) for part in parts if "deployment_files" in part]
    return [
        *(found for pattern in written for found in re.findall(r"(?:^|%\})(/[^{\n]+?)(?=$|\{%)", pattern)),
        *(file for table in tables for files in table for file in files),
    ]


@pytest.mark.parametrize("pattern", excluded())
def test_what_an_answer_leaves_out_is_there(pattern: str) -> None:
    files = [path.removeprefix("project").removesuffix(".jinja") for path in PATHS if path.startswith("project/")]
    folders = {f"/{parent.as_posix()}" for file in files for parent in Path(file[1:]).parents}

    assert [path for path in (*files, *folders) if fnmatch(path, pattern)] != []


def test_python_without_jinja_is_clean_as_it_is() -> None:
    """Whole files, that is: what a project gets after Jinja is checked in the projects."""
    files = [*PROJECT.rglob("*.py"), *(file for pattern in WHOLE for file in TEMPLATE.glob(pattern))]
    plain = [str(file) for file in files if not re.search(r"\{\{|\{%", file.read_text("utf-8"))]
    assert sum(str(PROJECT) in file for file in plain) > 100

    for check in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *check, "--quiet", "--no-cache", "--no-force-exclude", *plain]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
