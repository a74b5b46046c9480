"""An existing repository becomes a project: nothing of it is changed, and from then on it is updated."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import Result

Command = Callable[..., Result]
Publish = Callable[..., None]
ROOT = Path("old-agent")
OF_AGENTCORE = {
    "README.md": "# Old\n",
    "pyproject.toml": '[project]\nname = "old-agent"\nversion = "1"\ndependencies = ["LangGraph >= 1", "httpx"]\n',
    ".gitignore": ".env\n.venv/\n",
    ".bedrock_agentcore.yaml": "agents: {}\n",
    "src/main.py": "from bedrock_agentcore import BedrockAgentCoreApp\n\napp = BedrockAgentCoreApp()\n",
    "src/model/load.py": "def load_model(): ...\n",
}


def git(*args: str) -> str:
    return subprocess.check_output(["git", *args], cwd=ROOT, text=True)


def tracked() -> dict[str, bytes]:
    paths = git("ls-files").splitlines()
    return {path: (ROOT / path).read_bytes() if not (ROOT / path).is_symlink() else b"link" for path in paths}


@pytest.fixture(autouse=True)
def repository() -> None:
    for path, content in OF_AGENTCORE.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(content)
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "by hand")


def recorded() -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((ROOT / ".copier-answers.yml").read_text())
    return found


def test_what_it_lacks_is_added_and_nothing_changed(streamplate: Command) -> None:
    (ROOT / ".env.example").write_text("untracked\n")
    before = tracked()

    result = streamplate("adopt", ROOT, "-d", "tools=weather", "--json")

    assert result.exit_code == 0, result.output
    (report,) = json.loads(result.stdout)
    assert report["own"] == [".env.example", ".gitignore", "README.md", "pyproject.toml"]
    assert before.items() <= tracked().items()
    assert (ROOT / ".env.example").read_text() == "untracked\n"
    assert (ROOT / "src/old_agent/agent.py").is_file()
    assert (recorded()["framework"], recorded()["tools"]) == ("langgraph", ["weather"])
    dependencies, scripts = report["manual"][:2]
    assert "langchain-core" in dependencies and "langgraph" not in dependencies
    assert 'serve = "' in scripts
    git("commit", "-qm", "adopted")
    assert streamplate("check", ROOT).exit_code == 0


def test_undo_takes_it_back(streamplate: Command) -> None:
    before = tracked()
    assert streamplate("adopt", ROOT, "--defaults").exit_code == 0
    assert streamplate("undo", ROOT).exit_code == 0
    assert tracked() == before
    assert git("status", "--porcelain", "--ignored") == ""


def test_a_preview_writes_nothing(streamplate: Command) -> None:
    result = streamplate("adopt", ROOT, "--defaults", "--preview")
    assert (result.exit_code, "+++ b/src/old_agent/agent.py" in result.stdout) == (0, True)
    assert "Nothing was written." in result.stdout
    assert git("status", "--porcelain", "--ignored") == ""


def test_from_then_on_it_is_updated(publish: Publish, streamplate: Command) -> None:
    publish(
        {"README.md": "1\n", "agent.py": "1\n", "conf": "1\n"}, {"README.md": "2\n", "agent.py": "2\n", "conf": "2\n"}
    )
    assert streamplate("adopt", ROOT, "--defaults", "--release", "0.1.0").exit_code == 0
    git("commit", "-qm", "adopted")
    assert streamplate("check", ROOT).exit_code == 1
    updated = streamplate("update", ROOT)
    assert updated.exit_code == 0, updated.output
    assert ((ROOT / "README.md").read_text(), (ROOT / "agent.py").read_text()) == ("# Old\n", "2\n")
    assert recorded()["own_files"] == ["README.md"]
    git("commit", "-qm", "updated")
    (ROOT / "README.md").unlink()
    git("commit", "-qam", "no longer ours")
    assert streamplate("configure", ROOT, "-d", "tools=time").exit_code == 0
    assert (ROOT / "README.md").read_text() == "2\n"


@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        (lambda: (ROOT / "README.md").write_text("mine\n"), 1, "uncommitted changes: README.md"),
        (lambda: shutil.rmtree(ROOT / ".git"), 1, "git init && git add -A && git commit"),
        (lambda: (ROOT / ".copier-answers.yml").write_text(""), 2, "is a project already"),
    ],
)
def test_what_cannot_be_adopted(streamplate: Command, spoil: Callable[[], object], code: int, said: str) -> None:
    spoil()
    before = sorted(path for path in ROOT.rglob("*") if ".git" not in path.parts)
    result = streamplate("adopt", ROOT, "--defaults")
    assert (result.exit_code, said in result.stderr) == (code, True), result.stderr
    assert sorted(path for path in ROOT.rglob("*") if ".git" not in path.parts) == before


def test_files_links_and_folders_in_the_way_stay(publish: Publish, streamplate: Command) -> None:
    publish({"a/b/c": "1\n", "d": "1\n", "e/f": "1\n", "READme.md": "1\n", "g": "1\n"})
    (ROOT / "a").write_text("file\n")
    (ROOT / "d").mkdir()
    (ROOT / "d/x").write_text("folder\n")
    (ROOT / "e").symlink_to("src")
    git("add", "-A")
    git("commit", "-qm", "mine")
    before = tracked()
    result = streamplate("adopt", ROOT, "--defaults", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)[0]["own"] == ["READme.md", "a/b/c", "d", "e/f"]
    assert before.items() <= tracked().items()
    assert set(tracked()) - set(before) == {"g", ".copier-answers.yml"}


def test_without_a_terminal_it_is_told_what_to_be(streamplate: Command) -> None:
    result = streamplate("adopt", ROOT)
    assert (result.exit_code, "There is no terminal to ask on" in result.stderr) == (2, True)


def test_a_company_template_adopts_too(streamplate: Command, fork: Path, release: Callable[..., None]) -> None:
    release("v1.0.0", copier_yml="name: world\n", agent_py="1\n")
    assert streamplate("adopt", ROOT, "--defaults", "--template", fork).exit_code == 0
    git("commit", "-qm", "adopted")
    release("v1.1.0", agent_py="2\n")
    streamplate("trust", fork)
    assert streamplate("update", ROOT).exit_code == 0
    assert (ROOT / "agent.py").read_text() == "2\n"


def test_files_for_another_repository_are_left_out(publish: Publish, streamplate: Command) -> None:
    publish({"sub/a.txt": "a\n", "nested/b.txt": "b\n", "c.txt": "c\n"})
    for place in ("../library", "nested"):
        subprocess.run(["git", "init", "-q", place], cwd=ROOT, check=True)
        subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", "x"], cwd=ROOT / place, check=True)
    git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../library", "sub")
    git("commit", "-qm", "submodule")
    before = git("submodule", "status")

    (report,) = json.loads(streamplate("adopt", ROOT, "--defaults", "--json").stdout)

    assert report["own"] == ["nested/b.txt", "sub/a.txt"]
    assert git("submodule", "status") == before
    assert [path.name for path in (ROOT / "nested").iterdir()] == [".git"]


ODD = {
    "poetry": (
        "pyproject.toml",
        '[tool.poetry]\nname = "My.Old_Agent"\n[tool.poetry.dependencies]\nlanggraph = "^1"\n',
    ),
    "setuptools": ("setup.cfg", "[metadata]\nname = My.Old_Agent\n[options]\ninstall_requires =\n  langgraph>=1\n"),
    "mark": ("pyproject.toml", '\ufeff[project]\nname = "my-old-agent"\ndependencies = ["langgraph"]\n'),
}


@pytest.mark.parametrize("name", ODD)
def test_what_it_asks_for_is_read(streamplate: Command, name: str) -> None:
    git("rm", "-q", "pyproject.toml")
    path, text = ODD[name]
    (ROOT / path).write_text(text, "utf-8")
    git("add", "-A")
    git("commit", "-qm", "another")
    assert streamplate("adopt", ROOT, "--defaults").exit_code == 0
    assert (recorded()["project_name"], recorded()["framework"]) == ("my-old-agent", "langgraph")


def test_what_says_nothing_is_passed_over(streamplate: Command) -> None:
    (ROOT / "pyproject.toml").write_text(
        '[project]\nname = "2 bad"\ndependencies = "no"\noptional-dependencies = []\nscripts = 3\n'
    )
    (ROOT / "requirements.txt").mkdir()
    (ROOT / "requirements.txt/x").write_text("")
    (ROOT / "requirements-dev.txt").write_text("langgraph\r\n", "utf-16")
    git("add", "-A")
    git("commit", "-qm", "odd")
    assert streamplate("adopt", ROOT, "--defaults").exit_code == 0
    assert (recorded()["project_name"], recorded()["framework"]) == ("old-agent", "langgraph")
