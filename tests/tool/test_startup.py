"""Starting is quick: only what a command needs is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"boto3", "botocore", "copier", "jinja2", "plumbum", "prompt_toolkit", "pydantic", "rich", "yaml"}


def imported(*args: str) -> set[str]:
    """Top-level modules that a command imports in a fresh interpreter."""
    code = f"""
import sys, contextlib, io
sys.argv[1:] = {list(args)!r}
from streamplate.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
print(*sys.modules)
"""
    output = subprocess.check_output([sys.executable, "-c", code], text=True)
    return {name.split(".")[0] for name in output.split()}


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["new", "--help"]])
def test_help_imports_nothing_heavy(args: list[str]) -> None:
    assert imported(*args) & HEAVY == set()


def test_options_needs_no_more_than_yaml() -> None:
    assert imported("options") & HEAVY == {"yaml"}


def test_the_module_is_the_command() -> None:
    output = subprocess.check_output([sys.executable, "-m", "streamplate", "--version"], text=True)
    assert output.startswith("streamplate 0.")
