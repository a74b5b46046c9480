"""CONTRIBUTING.md is true: a toy made of the files that it names, and of no others, can be chosen."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from streamplate.our_template import render

from tests.readme import README
from tests.template.test_renders import assert_clean

ROOT = README.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
TOOL = '''"""Dice."""


def toy(sides: int) -> str:
    """Roll a die that always shows its highest number.

    Args:
        sides: How many sides the die has.
    """
    return str(sides)


TOOLS = [toy]
'''
OFFLINE = '''"""Dice offline."""

from typing import Any

from ..offline_tool import OfflineTool


def arguments(question: str) -> list[dict[str, Any]]:
    """One call for each question about dice."""
    return [{"sides": 6}] if "dice" in question else []


OFFLINE = OfflineTool(name="toy", arguments=arguments, example="Roll the dice")
'''
TOOL_TEST = '''"""Dice."""

from {{ package_name }}.tools.toy import toy


def test_the_highest_number() -> None:
    assert toy(6) == "6"
'''
AGENT = '''"""An agent that repeats what it is told."""

from collections.abc import AsyncGenerator

from .history import Prompt, Question
from .parts import Part, Text
from .settings import Settings


async def answer(prompt: Prompt, model: None, settings: Settings) -> AsyncGenerator[Part]:
    """Repeat the question."""
    question = prompt.steps[-1]
    if isinstance(question, Question):
        yield Text(question.text)
'''
MODEL = '''"""No model."""

from .settings import Settings

READS: set[str] = set()


def build_model(settings: Settings) -> None:
    """There is none."""
'''
MODULE = '"""A toy."""\n'


CLIENT_TEST = '"""A toy\'s test."""\n'
Edits = dict[str, list[tuple[str, str]]]
"""What is replaced in a file, by what."""


def choice(before: str) -> tuple[str, str]:
    """An edit: a choice more, in front of that one."""
    return before, f"    A toy: toy\n{before}"


ADDED: dict[str, tuple[dict[str, str], Edits, dict[str, Any]]] = {
    "tool": (
        {
            "template/project/src/{{ package_name }}/tools/NAME.py": TOOL,
            "template/tools/NAME/dependencies.txt": "",
            "template/project/local_model/tools/NAME.py": OFFLINE,
            "template/project/tests/tools/test_NAME.py.jinja": TOOL_TEST,
            "template/tools/NAME/README.md": "* `toy(sides)`: rolls a die.\n",
        },
        {"template/questions/tools.yml": [choice("    Time in")]},
        {"tools": ["weather", "toy"]},
    ),
    "framework": (
        {
            "template/frameworks/NAME/agent.py": AGENT,
            "template/frameworks/NAME/models/bedrock.py": MODEL,
            "template/frameworks/NAME/dependencies.txt": "",
        },
        {
            "template/questions/framework.yml": [
                choice("    LangGraph:"),
                ("      strands: {", "      toy: {model_provider: [bedrock], memory: [none]}\n      strands: {"),
            ]
        },
        {"framework": "toy"},
    ),
    "client": (
        {
            "template/project/clients/NAME/__init__.py": MODULE,
            "template/project/tests/clients/test_NAME.py": CLIENT_TEST,
            "template/clients/NAME/README.md": "## Play\n\nWith a toy.\n",
            "template/clients/NAME/dependencies.txt": "",
            "template/clients/NAME/scripts.toml": "",
        },
        {"template/questions/clients.yml": [choice("    Terminal chat:")]},
        {"clients": ["terminal", "toy"]},
    ),
    "deployment": (
        {
            "template/project/deploy/NAME.py": MODULE,
            "template/deployments/NAME/README.md": "**Toy.** It goes nowhere.\n",
            "template/deployments/NAME/scripts.toml": 'toy = "deploy.toy:main"\n',
        },
        {
            "template/questions/deployment.yml": [
                choice("    CloudFormation"),
                ("    cdk: [", "    toy: [/deploy/toy.py]\n    cdk: ["),
            ]
        },
        {"deployment": ["code-zip", "toy"]},
    ),
}


def steps(kind: str) -> str:
    """The section of CONTRIBUTING.md that says how to add one."""
    return TEXT.partition(f"## Add a {kind}\n")[2].partition("\n## ")[0]


def test_it_names_every_file_in_under_twenty_lines(kind: str) -> None:
    files, edits, _ = ADDED[kind]

    assert set(re.findall(r"`(template/[^`]+)`", steps(kind))) == files.keys() | edits.keys()
    assert steps(kind).count("\n") < 20


@pytest.fixture(params=ADDED)
def kind(request: pytest.FixtureRequest) -> str:
    """What is added."""
    return str(request.param)


@pytest.fixture
def extended(kind: str, tmp_path: Path) -> Path:
    """A copy of the template with the toy of that kind."""
    files, edits, _ = ADDED[kind]
    shutil.copytree(ROOT / "template", tmp_path / "template")
    shutil.copy(ROOT / "copier.yml", tmp_path)
    for name, content in files.items():
        path = tmp_path / name.replace("NAME", "toy")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    for name, replacements in edits.items():
        for old, new in replacements:
            text = (tmp_path / name).read_text()
            assert text.count(old) == 1, f"{name} has {text.count(old)} of {old!r}"
            (tmp_path / name).write_text(text.replace(old, new))
    return tmp_path


def rendered(template: Path, answers: dict[str, Any]) -> Path:
    """A project of that template."""
    project = template / "my-agent"
    render(template, project, {"project_name": "my-agent", **answers}, tag="v0.0.1", ask=False)
    return project


def test_a_toy_is_added_by_following_it(extended: Path, kind: str) -> None:
    files, _, answers = ADDED[kind]

    project = rendered(extended, answers)

    assert_clean(project)
    assert next(iter(files.values())) in [path.read_text() for path in project.rglob("*.py")]


def test_a_toy_that_is_not_chosen_leaves_no_trace(extended: Path) -> None:
    project = rendered(extended, {})

    assert [path for path in project.rglob("*") if "toy" in path.name] == []
    assert not re.search(r"\btoy\b", (project / "pyproject.toml").read_text())


def test_lines_of_shared_files_are_explained() -> None:
    """Every file of a tool's and a client's folder has a row, and every row has a file."""
    named = set(re.findall(r"`(?:template/)?((?:tools|clients|deployments|frameworks|models)/NAME/[\w./-]+)`", TEXT))
    found = {
        f"{kind}/NAME/{file.name}" for kind in ("tools", "clients") for file in ROOT.glob(f"template/{kind}/*/*.*")
    }

    assert found <= named
    patterns = [path.replace("NAME", "**").replace("PROVIDER", "*") for path in named]
    assert [pattern for pattern in patterns if not any((ROOT / "template").glob(pattern))] == []
