"""What is rendered: exactly the files that were asked for, and nothing that a reader would have to clean up."""

import compileall
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import streamplate

from tests.template.combinations import name, pairs, tools_by_protocol
from tests.template.needed import dependency_problems, unreached_modules, unused_functions
from tests.template.test_examples import files

ALWAYS = {
    ".copier-answers.yml",
    ".env.example",
    ".gitignore",
    "AGENTS.md",
    "README.md",
    "dev/__init__.py",
    "dev/about.py",
    "dev/inspector/__init__.py",
    "dev/inspector/calls.py",
    "dev/inspector/page/dom.js",
    "dev/inspector/page/icon.svg",
    "dev/inspector/page/index.html",
    "dev/inspector/page/inspector.js",
    "dev/inspector/page/style.css",
    "dev/inspector/page/timeline.js",
    "dev/inspector/runs.py",
    "dev/inspector/pieces.py",
    "dev/inspector/secrets.py",
    "dev/inspector/spans.py",
    "dev/inspector/whole.py",
    "dev/listening.py",
    "dev/local_only.py",
    "dev/run_spans.py",
    "dev/serve.py",
    "dev/traces.py",
    "local_model/__init__.py",
    "local_model/conversation.py",
    "local_model/offline_tool.py",
    "local_model/prompt_cache.py",
    "local_model/rules.py",
    "local_model/script.py",
    "local_model/server.py",
    "local_model/serving.py",
    "local_model/tools/__init__.py",
    "local_model/wire.py",
    "pyproject.toml",
    "src/my_agent/__init__.py",
    "src/my_agent/agent.py",
    "src/my_agent/conversation/__init__.py",
    "src/my_agent/conversation/client_history.py",
    "src/my_agent/conversation/conversation.py",
    "src/my_agent/conversation/history.py",
    "src/my_agent/errors.py",
    "src/my_agent/logs.py",
    "src/my_agent/main.py",
    "src/my_agent/memory.py",
    "src/my_agent/model.py",
    "src/my_agent/prompt.py",
    "src/my_agent/provider/__init__.py",
    "src/my_agent/provider/answer.py",
    "src/my_agent/provider/calls.py",
    "src/my_agent/provider/failures.py",
    "src/my_agent/provider/model_client.py",
    "src/my_agent/provider/options.py",
    "src/my_agent/provider/stream.py",
    "src/my_agent/runs/__init__.py",
    "src/my_agent/runs/events.py",
    "src/my_agent/runs/log.py",
    "src/my_agent/runs/parts.py",
    "src/my_agent/runs/requests.py",
    "src/my_agent/runs/run.py",
    "src/my_agent/runs/tool_calls.py",
    "src/my_agent/runs/waiting.py",
    "src/my_agent/server/__init__.py",
    "src/my_agent/server/app.py",
    "src/my_agent/server/request_body.py",
    "src/my_agent/server/service.py",
    "src/my_agent/server/sessions.py",
    "src/my_agent/server/shutdown.py",
    "src/my_agent/server/streaming.py",
    "src/my_agent/server/websocket.py",
    "src/my_agent/settings.py",
    "src/my_agent/tools/__init__.py",
    "src/my_agent/tools/approval.py",
    "src/my_agent/tools/ask.py",
    "src/my_agent/tools/files.py",
    "src/my_agent/tools/own.py",
    "src/my_agent/tools/progress.py",
    "src/my_agent/tools/results.py",
    "src/my_agent/tools/state.py",
    "src/my_agent/tools/toolbox.py",
    "tests/__init__.py",
    "tests/agent_client.py",
    "tests/conftest.py",
    "tests/test_attachments.py",
    "tests/test_failures.py",
    "tests/test_files.py",
    "tests/test_history.py",
    "tests/test_inspector.py",
    "tests/test_local_model.py",
    "tests/test_local_only.py",
    "tests/test_model_calls.py",
    "tests/test_model_options.py",
    "tests/test_odd_models.py",
    "tests/test_pauses.py",
    "tests/test_reasoning.py",
    "tests/test_refusals.py",
    "tests/test_runs.py",
    "tests/test_shutdown.py",
    "tests/test_specification.py",
    "tests/test_stream.py",
    "tests/test_units.py",
    "tests/test_users.py",
    "tests/test_websocket.py",
}
BY_PROTOCOL = {
    "a2a": {
        *(f"src/my_agent/over_a2a/{name}.py" for name in ("__init__", "card", "errors", "handler", "messages")),
        *(f"src/my_agent/over_a2a/{name}.py" for name in ("server", "tasks", "updates")),
        "src/my_agent/server/for_user.py",
        *(f"tests/over_a2a/{name}.py" for name in ("__init__", "peer", "test_calls", "test_files", "test_tasks")),
    },
    "mcp": {
        *(f"src/my_agent/over_mcp/{name}.py" for name in ("__init__", "elicitation", "server", "tools")),
        "src/my_agent/server/for_user.py",
        *(f"tests/over_mcp/{name}.py" for name in ("__init__", "test_elicitation", "test_files", "test_tools")),
    },
}
CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
JINJA = re.compile(r"(?<!\$)\{\{ ?[a-z_]+ ?\}\}|\{%")


def render(folder: Path, **answers: Any) -> Path:
    """A project called my-agent."""
    return streamplate.new(folder / "my-agent", {"project_name": "my-agent"} | answers, git=False).path


@pytest.mark.parametrize("answers", tools_by_protocol(), ids=name)
def test_only_the_chosen_tools_are_there(answers: dict[str, Any], tmp_path: Path) -> None:
    project = render(tmp_path, **answers, clients=[], deployment=[])

    chosen = {
        file
        for tool in answers["tools"]
        for file in (f"src/my_agent/tools/{tool}.py", f"local_model/tools/{tool}.py", f"tests/tools/test_{tool}.py")
    }
    package = {"tests/tools/__init__.py", "tests/tools/conftest.py"} if answers["tools"] else set()
    assert set(files(project)) == ALWAYS | chosen | package | BY_PROTOCOL.get(answers["protocol"], set())
    assert_all_is_needed(project)
    assert_clean(project)


@pytest.mark.parametrize("answers", pairs(), ids=name)
def test_any_two_answers_go_together(answers: dict[str, Any], tmp_path: Path) -> None:
    project = render(tmp_path, **answers)

    assert_all_is_needed(project)
    assert_clean(project)


def test_what_nobody_needs_is_found(tmp_path: Path) -> None:
    project = render(tmp_path)
    (project / "src/my_agent/spare.py").write_text("import httpx\nimport numpy\n\n\ndef spare() -> None: ...\n")
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("dependencies = [\n", 'dependencies = [\n    "six>=1.17",\n', 1))

    assert sorted({problem.partition(": ")[2] for problem in dependency_problems(project)}) == [
        "'httpx' imported but declared as a dev dependency",
        "'numpy' imported but missing from the dependency definitions",
        "'six' defined as a dependency but not used in the codebase",
    ]
    assert unreached_modules(project) == ["my_agent.spare"]
    assert unused_functions(project) == ["src/my_agent/spare.py: spare"]


def test_a_name_of_the_greatest_length_still_fits_the_lines(tmp_path: Path) -> None:
    project = streamplate.new(tmp_path / "a", {"project_name": "a" * 48, "description": "d" * 100}, git=False).path

    assert_clean(project)


def test_a_framework_too_large_for_a_code_package_is_deployed_as_a_container(tmp_path: Path) -> None:
    project = render(tmp_path, framework="crewai")

    assert (project / "Dockerfile").exists()
    assert not (project / "deploy/package").exists()


@pytest.mark.parametrize(
    ("region", "model", "id"),
    [
        ("us-east-1", "claude-sonnet-4", "us.anthropic.claude-sonnet-4-20250514-v1:0"),
        ("eu-central-1", "claude-sonnet-4", "eu.anthropic.claude-sonnet-4-20250514-v1:0"),
        ("ap-southeast-2", "claude-sonnet-4", "apac.anthropic.claude-sonnet-4-20250514-v1:0"),
        ("sa-east-1", "claude-sonnet-4", "global.anthropic.claude-sonnet-4-20250514-v1:0"),
        ("ap-northeast-1", "claude-haiku-4-5", "global.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("sa-east-1", "nova-pro", "amazon.nova-pro-v1:0"),
        ("us-east-1", "eu.meta.llama3-2-3b-instruct-v1:0", "eu.meta.llama3-2-3b-instruct-v1:0"),
    ],
)
def test_the_inference_profile_follows_the_region(region: str, model: str, id: str, tmp_path: Path) -> None:
    project = render(tmp_path, region=region, model_id=model)

    assert f'model_id: str = "{id}"' in (project / "src/my_agent/settings.py").read_text()


def assert_all_is_needed(project: Path) -> None:
    """Every dependency that is imported is declared, and nothing is there that nobody uses."""
    assert dependency_problems(project) == []
    assert unreached_modules(project) == []
    assert unused_functions(project) == []


def assert_clean(project: Path) -> None:
    """Lint, format, byte-compilation; no trace of the template; text files as an editor would leave them."""
    for check in (["check"], ["format", "--check", "--diff"]):
        ruff = subprocess.run(
            [sys.executable, "-m", "ruff", *check, "--quiet", "--no-cache"], cwd=project, capture_output=True, text=True
        )
        assert ruff.returncode == 0, ruff.stdout + ruff.stderr
    assert compileall.compile_dir(project, quiet=2, legacy=True)
    files = (path for path in project.rglob("*") if path.is_file() and path.suffix != ".pyc")
    for path in (path for path in files if path.parent.name != "vendor"):  # what others wrote is kept as it is
        text = path.read_text()
        assert not JINJA.search(text), path
        assert text.endswith("\n") or not text, path
        assert not text.endswith("\n\n"), path
        assert path.suffix == ".py" or "\n\n\n" not in CODE.sub("code", text), path
        assert not re.search(r"[ \t]$", text, re.MULTILINE), path


def test_every_setting_is_in_the_example_of_an_environment(tmp_path: Path) -> None:
    project = render(tmp_path)
    settings = re.findall(r"^    ([a-z_]+): ", (project / "src/my_agent/settings.py").read_text(), re.MULTILINE)
    named = set(re.findall(r"^(?:# )?([A-Z_]+)=", (project / ".env.example").read_text(), re.MULTILINE))

    assert {name.upper() for name in settings} - named == {"PORT"}, "a port is an option of `serve`"
