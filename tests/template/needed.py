"""A project holds what it needs: its dependencies, its modules and its functions, and the exceptions in words."""

from __future__ import annotations

import json
import tempfile
import tomllib
from contextlib import chdir
from modulefinder import ModuleFinder
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from deptry.cli import cli as deptry
from vulture.core import Vulture

MODULES = {
    "a2a-sdk": "a2a",
    "ag-ui-protocol": "ag_ui",
    "agent-framework-core": "agent_framework",
    "aws-cdk-lib": "aws_cdk",
    "google-adk": "google",
    "google-genai": "google",
    "ipython": "IPython",
    "llama-index-core": "llama_index",
    "llama-index-llms-anthropic": "llama_index",
    "llama-index-llms-bedrock-converse": "llama_index",
    "llama-index-llms-google-genai": "llama_index",
    "llama-index-llms-openai": "llama_index",
    "markdown-it-py": "markdown_it",
    "openai-agents": "agents",
    "opentelemetry-instrumentation": "opentelemetry",
    "opentelemetry-sdk": "opentelemetry",
    "protobuf": "google",
    "pydantic-ai-slim": "pydantic_ai",
    "python-dotenv": "dotenv",
    "strands-agents": "strands",
}
"""The module of a package that is not called like it. A cell (tests/end_to_end/cell.py) asks the installed packages."""

NOT_IMPORTED = {
    "aws-opentelemetry-distro": "its command starts the deployed agent",
    "culsans": "a2a-sdk imports it before Python 3.13, and so does the check of a package on such a machine",
    "httptools": "uvicorn parses HTTP with it",
    "ipykernel": "runs the notebook",
    "mypy": "a command",
    "ruff": "a command",
    "types-jsonschema": "mypy reads it",
    "types-protobuf": "mypy reads it",
    "types-pyyaml": "mypy reads it",
    "tzdata": "zoneinfo reads it where the system has no zones",
}
STARTED = {
    "clients": "the package of the clients, which is there for those in TypeScript too: mypy is told its name",
    "clients.notebook": "the tutorial",
    "clients.python": "a library for other programs",
    "clients.streamlit.app": "`streamlit run`",
    "clients.terminal.__main__": "`python -m`",
    "deploy.cdk_app": "`cdk`",
    "deployed": "started on AgentCore",
    "deploy.package.import_check": "run with the package's own path",
}
"""Modules that no script and no other module leads to, and who starts them."""

CALLED = {
    "_new_line": "bound to a key",
    "give_file": "for tools of the project's own",
    "local_agent": "the tutorial",
    "needs_approval": "marks tools of the project's own",
    "serve": "started as a process",
    "show": "the tutorial",
    "state": "for tools of the project's own",
}
"""Functions that no module calls, and who does."""

DEPLOYED = ["src", "--optional-dependencies-dev-groups", "dev"]
"""deptry's arguments for what must do without the dependencies of development."""

ALL = [".", "--exclude", r"\.venv"]
"""deptry's arguments for what needs every dependency."""


def deptry_arguments(project: Path) -> list[list[str]]:
    """What deptry is called with, in the project: once for what is deployed, once for all of it."""
    names = [path.name for path in (project / "src").iterdir()]
    both = ["--known-first-party", *names, "--per-rule-ignores", f"DEP002={'|'.join(NOT_IMPORTED)}"]
    return [[*scope, *both] for scope in (DEPLOYED, ALL)]


def dependency_problems(project: Path) -> list[str]:
    """Dependencies that are missing, unused, only there through another, or of development and yet deployed."""
    modules = ",".join(f"{package}={module}" for package, module in MODULES.items())
    called = [[*arguments, "--package-module-name-map", modules] for arguments in deptry_arguments(project)]
    return [problem for arguments in called for problem in _deptry(project, arguments)]


def _deptry(project: Path, arguments: list[str]) -> list[str]:
    """Its findings. It runs in this process, which takes a tenth of the time that its command does."""
    with tempfile.TemporaryDirectory() as folder, chdir(project):
        found = Path(folder, "found.json")
        done = CliRunner().invoke(deptry, [*arguments, "--json-output", str(found)])
        assert found.exists(), f"{done.output}{done.exception}"
        return [f"{issue['location']['file']}: {issue['error']['message']}" for issue in json.loads(found.read_text())]


def unreached_modules(project: Path) -> list[str]:
    """Modules, outside of the tests, that no command, no entry point and no other module leads to."""
    modules = {
        _dotted(path, project): path for path in project.rglob("*.py") if path.parts[len(project.parts)] != "tests"
    }
    scripts = tomllib.loads((project / "pyproject.toml").read_text())["project"]["scripts"]
    package = next((project / "src").iterdir()).name
    finder = ModuleFinder(path=[str(project / "src"), str(project)])
    for start in [
        f"{package}.main",
        f"{package}.deployed",
        *(script.partition(":")[0] for script in scripts.values()),
        *STARTED,
    ]:
        if start in modules:
            finder.import_hook(start)
    reached = {Path(module.__file__) for module in finder.modules.values() if module.__file__}
    return sorted(name for name, path in modules.items() if path not in reached)


def _dotted(path: Path, project: Path) -> str:
    parts = path.relative_to(project).with_suffix("").parts
    return ".".join(part for part in parts if part not in ("src", "__init__"))


def unused_functions(project: Path) -> list[str]:
    """Functions and classes that only tests use, or nothing does. Methods are not looked at: libraries call those."""
    finder: Any = Vulture(ignore_names=list(CALLED))
    finder.scavenge([folder for folder in project.iterdir() if folder.is_dir() and folder.name != "tests"])
    found = [item for item in finder.get_unused_code() if item.typ in ("function", "class")]
    return [f"{item.filename.relative_to(project)}: {item.name}" for item in found]
