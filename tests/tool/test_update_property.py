"""Whatever a user did to a project and whatever the template did: no line of theirs is lost."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Command = Callable[..., Result]

TOOL = "def {0}():\n    return '{0}'\n" + "".join(f"# {{0}} {n}\n" for n in range(12))
MAIN = "".join(f"step {n}\n" for n in range(30))
OLD = {
    "main.py": MAIN,
    "dropped.py": TOOL.format("dropped"),
    "moved.py": TOOL.format("moved"),
    **{f"{{% if '{tool}' in tools %}}{tool}.py{{% endif %}}": TOOL.format(tool) for tool in ("weather", "time")},
}
NEW = {
    "main.py": MAIN.replace("step 3\n", "").replace("step 10\n", "step ten\n") + "the end\n",
    "core/moved.py": TOOL.format("moved") + "# core\n",
    "new.py": TOOL.format("new"),
    **{
        f"{{% if '{tool}' in tools %}}{tool}.py{{% endif %}}": TOOL.format(tool) + "# 2\n"
        for tool in ("weather", "time")
    },
}
FILES = ["main.py", "dropped.py", "moved.py", "weather.py", "new.py", "core/moved.py", "mine.py"]

insert = st.tuples(st.just("insert"), st.sampled_from(FILES), st.integers(0, 40))
replace = st.tuples(st.just("replace"), st.sampled_from(FILES), st.integers(0, 40))
delete = st.tuples(st.just("delete"), st.sampled_from(FILES), st.just(0))
rename = st.tuples(st.just("rename"), st.sampled_from(FILES), st.sampled_from(FILES))
edits = st.lists(st.one_of(insert, replace, delete, rename), min_size=1, max_size=6)
tools = st.sampled_from([None, "", "weather", "time", "weather,time"])


def apply(project: Path, edit: tuple[str, str, object], number: int) -> None:
    """Edit number `number`: the line it writes is found again by that number."""
    kind, name, argument = edit
    path = project / name
    if kind == "delete":
        path.unlink(missing_ok=True)
    elif kind == "rename":
        target = project / str(argument)
        if path.exists() and not target.exists():
            target.parent.mkdir(exist_ok=True)
            path.rename(target)
    else:
        lines = path.read_text().splitlines() if path.exists() else []
        place = min(int(str(argument)), len(lines))
        lines[place : place + (kind == "replace")] = [f"mine {number}"]
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines) + "\n")


def users_lines(project: Path) -> set[str]:
    """The lines that edits wrote, wherever they are now."""
    files = (path for path in project.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {line for path in files for line in path.read_text().splitlines() if line.startswith("mine ")}


@pytest.fixture
def pristine(publish: Callable[..., None], streamplate: Command, tmp_path: Path) -> Path:
    publish(OLD, NEW)
    streamplate("new", "pristine", "--defaults", "--release", "0.1.0", "-d", "project_name=my-agent")
    return tmp_path / "pristine"


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(edits=edits, tools=tools)
def test_no_line_of_the_users_is_lost(
    pristine: Path, streamplate: Command, edits: list[tuple[str, str, object]], tools: str | None
) -> None:
    project = pristine.with_name("project")
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(pristine, project)
    for number, edit in enumerate(edits):
        apply(project, edit, number)
    subprocess.run(["git", "add", "--all"], cwd=project, check=True)
    subprocess.run(["git", "commit", "-qm", "mine", "--allow-empty"], cwd=project, check=True)
    written = users_lines(project)
    result = streamplate("update", project, "--defaults", *(["-d", f"tools={tools}"] if tools is not None else []))
    assert result.exit_code in (0, 3), result.stderr
    assert users_lines(project) == written
