"""The package that the reference project makes of itself."""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamplate import options

from tests.end_to_end.cell import cells

from .projects import Project

NO_ACCOUNT = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
INSTALL = """
import sys
from pathlib import Path
from deploy.package import checks
from deploy.package.build import install, requirements
tree = Path(sys.argv[1])
tree.mkdir()
install(requirements(), tree, "3.13")
checks.check_architecture(tree)
checks.check_unzipped_size(tree)
"""
BUILD = "from deploy import config, package; print(package.build(config.load()).zip)"


def build(project: Path, python: Path) -> Path:
    done = subprocess.run([python, "-c", BUILD], cwd=project, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_the_same_project_elsewhere_makes_the_same_package(project: Project, tmp_path: Path) -> None:
    copy = tmp_path / "another" / "folder"
    for name in ("deploy", "src"):
        shutil.copytree(project.path / name, copy / name)
    for name in ("pyproject.toml", "uv.lock", "deploy.toml", "README.md"):
        shutil.copy(project.path / name, copy / name)
    first, second = build(project.path, project.python), build(copy, project.python)
    assert first.name == second.name
    assert sha256(first) == sha256(second)


def test_the_package_holds_the_agent_and_its_dependencies_and_nothing_else(project: Project) -> None:
    with zipfile.ZipFile(build(project.path, project.python)) as package:
        entries = package.infolist()
    names = {entry.filename for entry in entries}
    source = project.path / "src"
    expected = {str(file.relative_to(source)) for file in source.rglob("*.py")} | {"main.py"}
    assert expected <= names
    tops = {name.partition("/")[0] for name in names}
    assert {"strands", "boto3", "bedrock_agentcore", "ag_ui"} <= tops
    assert not tops & {"bin", "deploy", "clients", "local_model", "tests", "rich", "pytest", "uv", ".lock"}
    assert not [name for name in names if name.endswith((".pyi", "direct_url.json", "INSTALLER"))]
    assert {entry.external_attr >> 16 & 0o777 for entry in entries} == {0o644}
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}


def test_the_package_holds_bytecode_for_the_runtimes_python(project: Project) -> None:
    here = "{}{}".format(*sys.version_info)
    version = "{}.{}".format(*sys.version_info)
    config = project.path / "deploy" / "config.py"
    config.write_text(config.read_text().replace('Literal["3.13", "3.14"]', f'Literal["{version}"]'))
    project.configure(python=version)
    with zipfile.ZipFile(build(project.path, project.python)) as package:
        names = set(package.namelist())
        modules = [name for name in names if name.startswith(("my_agent/", "strands/")) and name.endswith(".py")]
        compiled = {name: cached(name, here) for name in modules}
        assert set(compiled.values()) <= names
        for source, bytecode in compiled.items():
            header = package.read(bytecode)[:16]
            assert header[:4] == importlib.util.MAGIC_NUMBER
            assert header[4:8] == b"\1\0\0\0"  # named after the source's digest, which nothing compares at run time
            assert header[8:] == importlib.util.source_hash(package.read(source))


def cached(module: str, version: str) -> str:
    folder, _, name = module.rpartition("/")
    return f"{folder}/__pycache__/{name.removesuffix('.py')}.cpython-{version}.pyc"


def test_what_is_said_of_bytecode_is_true(project: Project) -> None:
    summary = project.run("deploy", "--dry-run", "--json", env=NO_ACCOUNT).json["contents"]["in all"]
    with zipfile.ZipFile(build(project.path, project.python)) as package:
        compiled = [name for name in package.namelist() if name.endswith(".pyc")]
    assert bool(compiled) == ("without bytecode" not in summary)


CELLS = cells() if os.environ.get("ALL_CELLS") else [("langgraph", "bedrock"), ("llama-index", "gemini")]


@pytest.mark.parametrize(("framework", "provider"), [cell for cell in CELLS if cell[0] != "crewai"])
def test_a_framework_can_be_packaged(
    variant: Callable[..., Project], tmp_path: Path, framework: str, provider: str
) -> None:
    """Its wheels, and those of every tool, exist for AgentCore's platform, and fit."""
    tools = [tool for question in options() if question.key == "tools" for tool in question.choices]
    project = variant(locked=False, framework=framework, model_provider=provider, tools=tools, memory="none")
    wheels = tmp_path / "wheels"
    done = subprocess.run(
        [project.python, "-c", INSTALL, wheels], cwd=project.path, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr


def test_a_dependency_whose_wheels_are_for_a_younger_linux_can_be_packaged(project: Project, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    code = f"from deploy.package.build import install; install('numpy>=2.3', Path({str(tree)!r}), '3.13')"
    assert check(project, code) == ""
    assert list(tree.glob("numpy/**/*aarch64-linux-gnu.so"))


def test_only_services_that_are_used_are_described(project: Project) -> None:
    tool = project.path / "src" / "my_agent" / "prompt.py"
    tool.write_text(tool.read_text() + '\nTABLES = ("dynamodb",)\n')
    project.configure(aws_services=["sqs", "stepfunctions"])
    with zipfile.ZipFile(build(project.path, project.python)) as package:
        services = {name.split("/")[2] for name in package.namelist() if name.startswith("botocore/data/")}
        partitions = json.loads(package.read("botocore/data/endpoints.json"))["partitions"]
    assert {"bedrock-runtime", "sts", "dynamodb", "sqs", "stepfunctions"} <= services
    assert not services & {"ec2", "iam", "s3"}
    endpoints = set().union(*(partition["services"] for partition in partitions))
    assert {"bedrock", "sts", "dynamodb", "sqs", "states"} <= endpoints  # by these names, services have them
    assert not endpoints & {"ec2", "iam", "s3"}


def test_a_dry_run_needs_no_account(project: Project) -> None:
    plan: Any = project.run("deploy", "--dry-run", "--json", env=NO_ACCOUNT).json
    runtime = plan["template"]["Resources"]["Runtime"]["Properties"]
    assert runtime["AgentRuntimeArtifact"]["CodeConfiguration"]["EntryPoint"] == ["main.py"]
    assert "arm64, Python 3.13" in plan["contents"]["in all"]
    assert set(plan["policies"]) == {"execution role", "its trust", "who deploys", "who calls"}
    assert "MB" in plan["contents"]["strands-agents"]
    text = project.run("deploy", "--dry-run", env=NO_ACCOUNT)
    assert "Policy, who deploys:" in text.out
    assert json.dumps("bedrock:InvokeModelWithResponseStream") in text.out


def check(project: Project, code: str) -> str:
    """What a check of deploy/package/ says to a folder that the code has prepared."""
    script = f"from pathlib import Path\nfrom deploy.package import checks\n{code}"
    done = subprocess.run([project.python, "-c", script], cwd=project.path, capture_output=True, text=True, timeout=60)
    return done.stderr


def test_a_wheel_for_another_processor_is_refused(project: Project, tmp_path: Path) -> None:
    (tmp_path / "fast.cpython-313-x86_64-linux-gnu.so").write_bytes(b"\x7fELF" + bytes(14) + b"\x3e\x00")
    error = check(project, f"checks.check_architecture(Path({str(tmp_path)!r}))")
    assert "fast.cpython-313-x86_64-linux-gnu.so is not built for arm64 (ELF machine 62)." in error


@pytest.mark.parametrize("limit", ["unzipped", "zipped"])
def test_a_package_that_is_too_large_is_refused(project: Project, tmp_path: Path, limit: str) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "weights.bin").write_bytes(bytes(3 << 20))
    target = tree if limit == "unzipped" else tree / "weights.bin"
    code = f"checks.{limit.upper()}_LIMIT = 2\nchecks.check_{limit}_size(Path({str(target)!r}))"
    assert f"The package is 3 MB {limit}; AgentCore takes 2 MB." in check(project, code)


def test_the_import_check_uses_nothing_of_this_machine(project: Project, tmp_path: Path) -> None:
    (tmp_path / "my_agent").mkdir()
    (tmp_path / "my_agent" / "main.py").write_text("import json\nimport boto3\n")
    error = check(project, f"from deploy import config\nchecks.check_imports(Path({str(tmp_path)!r}), config.load())")
    assert "No module named 'boto3'" in error
