"""The workflows: valid for their services, and their steps do what they say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import streamplate
import yaml
from streamplate import template

BIN = Path(sys.executable).parent
SERVICES = {
    "github": (
        "vendor.github-workflows",
        [".github/workflows/test.yml", ".github/workflows/update.yml", ".github/workflows/deploy.yml"],
    ),
    "gitlab": ("vendor.gitlab-ci", [".gitlab-ci.yml"]),
}
SLOW = ("uv sync", "uv run", "uv lock")
"""The project's own checks, which other tests run."""
NEEDS_SERVICE = ("gh auth",)
RUNS_CODE = ("uv ", "uvx ", "python", "npm ", "pip ")


@pytest.mark.parametrize("ci", SERVICES)
def test_a_workflow_is_valid_for_its_service(ci: str, tmp_path: Path) -> None:
    schema, files = SERVICES[ci]
    project = streamplate.new(tmp_path / "my-agent", {"ci": ci}, git=False).path

    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_without_ci_there_is_no_workflow(tmp_path: Path) -> None:
    project = streamplate.new(tmp_path / "my-agent", git=False).path

    assert not [*project.glob(".git*/*"), *project.glob(".gitlab*")]


@pytest.mark.skipif("v0.2.0" not in template.releases()[:-1], reason="no release with workflows can be updated yet")
@pytest.mark.parametrize("ci", SERVICES)
def test_the_update_job_pushes_a_branch_with_the_update(ci: str, tmp_path: Path) -> None:
    """Its own commands, in order, on a clone of the project; what only the service has is left out."""
    origin, clones = tmp_path / "origin.git", [tmp_path / "update", tmp_path / "push"]
    project = streamplate.new(tmp_path / "my-agent", {"ci": ci}, release="0.2.0", git=True).path
    current = streamplate.new(tmp_path / "current", {"ci": ci}, git=False).path
    git("clone", "--quiet", "--bare", project, origin)
    git("-C", origin, "config", "receive.advertisePushOptions", "true")

    for job, clone in zip(("update", "push"), clones, strict=True):
        git("clone", "--quiet", origin, clone)
        if (patch := clones[0] / "update.patch").exists() and job == "push":
            shutil.copy(patch, clone)  # GitLab's artifact; GitHub's is in RUNNER_TEMP
        for step in STEPS[ci](current, job):
            run_step(step, clone, tmp_path)

    pushed = git("-C", origin, "show", "streamplate-update:.copier-answers.yml")
    assert yaml.safe_load(pushed)["_commit"] == template.current()
    assert git("-C", origin, "diff", "--name-only", "main", "streamplate-update").count("\n") > 1


@pytest.mark.parametrize("ci", SERVICES)
def test_no_job_both_runs_code_and_has_a_token_that_may_write(ci: str, tmp_path: Path) -> None:
    project = streamplate.new(tmp_path / "my-agent", {"ci": ci}, git=False).path

    for name, (commands, may_write) in JOBS[ci](project).items():
        assert not (may_write and any(line.strip().startswith(RUNS_CODE) for line in commands)), name


def test_the_workflows_pass_zizmor(tmp_path: Path) -> None:
    project = streamplate.new(tmp_path / "my-agent", {"ci": "github"}, git=False).path

    command = [BIN / "zizmor", "--offline", "--no-progress", project / ".github"]
    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def github_jobs(project: Path) -> dict[str, tuple[list[str], bool]]:
    """Of every job: the lines that it runs, and whether its token may write."""
    found = {}
    for file in sorted((project / ".github/workflows").glob("*.yml")):
        workflow = yaml.safe_load(file.read_text())
        for name, job in workflow["jobs"].items():
            if "uses" in job:
                continue  # a workflow that is looked at itself
            permissions = job.get("permissions", workflow["permissions"])
            lines = [line for step in job["steps"] for line in step.get("run", "").splitlines()]
            writes = {name for name, level in permissions.items() if level == "write"} - {"id-token"}  # that is for AWS
            found[f"{file.name}: {name}"] = lines, bool(writes) or "secrets." in str(job)
    return found


def gitlab_jobs(project: Path) -> dict[str, tuple[list[str], bool]]:
    jobs = yaml.safe_load((project / ".gitlab-ci.yml").read_text())
    updates = {name for name, job in jobs.items() if job.get("environment", {}).get("name") == "template-update"}
    return {name: (job["script"], name in updates) for name, job in jobs.items() if "script" in job}


JOBS = {"github": github_jobs, "gitlab": gitlab_jobs}


def github_steps(project: Path, job: str) -> list[str]:
    workflow = yaml.safe_load((project / SERVICES["github"][1][1]).read_text())
    steps: list[dict[str, Any]] = workflow["jobs"][job]["steps"]
    assert job == "push" or all("check.outputs.current" in step["if"] for step in steps[3:])
    return [step["run"] for step in steps if "run" in step]


def gitlab_steps(project: Path, job: str) -> list[str]:
    jobs = yaml.safe_load((project / ".gitlab-ci.yml").read_text())
    steps: list[str] = jobs[job]["script"]
    return [
        step.replace('"https://oauth2:$UPDATE_TOKEN@$CI_SERVER_HOST/$CI_PROJECT_PATH.git"', "origin") for step in steps
    ]


STEPS = {"github": github_steps, "gitlab": gitlab_steps}


def run_step(step: str, project: Path, folder: Path) -> None:
    """Run the lines of a step; `uvx --from "$STREAMPLATE"` is this checkout."""
    lines = [line for line in step.splitlines() if not line.strip().startswith(SLOW + NEEDS_SERVICE)]
    script = "\n".join(lines).replace('uvx --from "$STREAMPLATE" streamplate', f"{sys.executable} -m streamplate")
    if "gh pr" in script:
        return
    variables = {
        "GITHUB_OUTPUT": str(folder / "output"),
        "RUNNER_TEMP": str(folder),
        "GITLAB_USER_NAME": "Ada",
        "GITLAB_USER_EMAIL": "ada@example.com",
        "CI_DEFAULT_BRANCH": "main",
        "PYTHONPATH": str(Path(streamplate.__file__).parents[1]),
    }
    command = ["bash", "-eo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=project, env=os.environ | variables, capture_output=True, text=True)
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"


def git(*args: object) -> str:
    return subprocess.check_output(["git", *map(str, args)], text=True)
