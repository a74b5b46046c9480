"""The command as a function, in a home folder of its own."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamplate as package
from click.testing import CliRunner, Result
from hatch_build import write_bundle
from streamplate import template
from streamplate.cli import main

Command = Callable[..., Result]
Release = Callable[..., None]


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and a home that holds nothing but Ada's git identity."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("UV_CACHE_DIR", subprocess.check_output(["uv", "cache", "dir"], text=True).strip())
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.com\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    monkeypatch.chdir(tmp_path)
    return home


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What a test with `--verbose` turns on, the next has not: what it logs of odd names, a report cannot hold."""
    logger = logging.getLogger(package.__name__)
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.fixture
def streamplate() -> Command:
    """`streamplate("new", "my-agent", "--defaults")` runs the command in this process."""

    def run(*args: object) -> Result:
        return CliRunner().invoke(main, [str(arg) for arg in args], catch_exceptions=False)

    return run


@pytest.fixture
def publish(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`publish(first, second)` puts releases v0.1.0 and v0.2.0 of a small template on board, in place of the real ones.

    A release is `{path below template/project: content}`, or `{"copier.yml" or "template/…": content}`.
    """

    def publish(*releases: dict[str, str]) -> None:
        root = tmp_path_factory.mktemp("releases")
        bundle = root / "generator" / "streamplate" / "releases.bundle"
        bundle.parent.mkdir(parents=True)
        for number, files in enumerate(releases, 1):
            shutil.rmtree(root / "template", ignore_errors=True)
            for path, content in {**SMALL_TEMPLATE, **files}.items():
                inside = path == "copier.yml" or path.startswith("template/")
                file = root / path if inside else root / "template" / "project" / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(content)
            write_bundle(root, f"0.{number}.0", bundle)
        monkeypatch.setattr(template, "BUNDLE", bundle)
        monkeypatch.setattr(template, "CHECKOUT", None)
        monkeypatch.setattr(package, "__version__", f"0.{len(releases)}.0")

    return publish


@pytest.fixture
def small_template() -> dict[str, str]:
    """A template of one file, the answers, with three questions."""
    return dict(SMALL_TEMPLATE)


SMALL_TEMPLATE = {
    "copier.yml": """\
_subdirectory: template/project
_envops: {undefined: jinja2.StrictUndefined}
project_name: {type: str, default: my-agent, validator: "{% if ' ' in project_name %}no spaces{% endif %}"}
tools: {type: str, multiselect: true, choices: [weather, time], default: [weather]}
package_name: {type: str, default: "{{ project_name | replace('-', '_') }}", when: false}
""",
    "{{ _copier_conf.answers_file }}.jinja": (
        "{{ _copier_answers | combine({'_commit': _commit, '_src_path': _src_path}) | to_nice_yaml -}}\n"
    ),
}


LINES = "".join(f"line {number}\n" for number in range(20))


def git(*args: str, cwd: Path) -> str:
    return subprocess.check_output(["git", *args], cwd=cwd, text=True)


@pytest.fixture
def fork(tmp_path: Path) -> Path:
    """A template repository with an ordinary answers file, and nothing of ours."""
    fork = tmp_path / "fork.git"
    git("init", "-q", str(fork), cwd=tmp_path)
    (fork / "{{ _copier_conf.answers_file }}.jinja").write_text("{{ _copier_answers | to_nice_yaml -}}\n")
    return fork


@pytest.fixture
def release(fork: Path) -> Release:
    """`release("v1.0.0", path=content)` commits and tags files of the fork."""

    def release(tag: str, **files: str) -> None:
        for name, content in files.items():
            (fork / name.replace("_", ".")).write_text(content)
        git("add", "--all", cwd=fork)
        git("commit", "-q", "-m", tag, cwd=fork)
        git("tag", tag, cwd=fork)

    return release


@pytest.fixture
def url(fork: Path, release: Release) -> str:
    """Address of the fork, from which plain Copier has made my-agent at v1.0.0."""
    project = Path("my-agent")
    release("v1.0.0", copier_yml="name: world\n", agent_py=LINES)
    subprocess.run([sys.executable, "-m", "copier", "copy", "-q", "--defaults", fork, project], check=True)
    git("init", "-q", cwd=project)
    (project / "agent.py").write_text(LINES.replace("line 18\n", "mine\n"))
    git("add", "--all", cwd=project)
    git("commit", "-qm", "mine", cwd=project)
    return str(fork)
