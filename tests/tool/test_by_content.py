"""What git's lines see as a rewrite or a clash is merged by what it says, and in the form that its owner gave it."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from streamplate import template
from streamplate.updating import by_content

Command = Callable[..., Result]
Publish = Callable[..., None]
Form = Callable[[], None]
PROJECT = Path("my-agent")
CODE = '''\
"""An agent."""

import json


# The model's own name.
def answer(question: str, history: list[str], *, tools: dict[str, object], temperature: float = 0.2) -> dict[str, str]:
    """Answer.

    At length.
    """
    if not question and not history or temperature > 1:
        raise ValueError("neither a question nor a conversation to go on with, or too hot: say something")
    found = [tool for tool in tools if tool in question and not tool.startswith("_") and len(tool) > 3]
    return {"question": question, "found": json.dumps(found), "temperature": str(temperature)}  # as text


@property
def name(self) -> str:
    match self.kind:
        case "a" | "b":
            return "agent"
        case _:
            return "other"
    try:
        pass
    except (ValueError, TypeError):
        pass
    else:
        return f"{self.kind!r:>{10}} is a kind"
'''
NEWER = CODE.replace("> 3]", "> 4]").replace("import json\n", "import json\nimport os\n")


def git(*args: str) -> str:
    return subprocess.check_output(["git", *args], cwd=PROJECT, text=True)


def ruff(*options: str) -> None:
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", "--isolated", *options, PROJECT], check=True)


def crlf() -> None:
    for path in PROJECT.rglob("*.*"):
        if path.is_file() and ".git" not in path.parts:
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


FORMS: dict[str, Form] = {
    "black's width": lambda: ruff("--line-length", "88"),
    "single quotes": lambda: ruff("--line-length", "70", "--config", "format.quote-style='single'"),
    "two spaces": lambda: ruff("--config", "indent-width=2"),
    "tabs": lambda: ruff("--config", "format.indent-style='tab'"),
    "CRLF": crlf,
}


@pytest.fixture
def made(publish: Publish, streamplate: Command) -> Callable[..., None]:
    """`made(old, new)` makes my-agent of the files `old`, with a release of the files `new` on board."""

    def made(old: dict[str, str], new: dict[str, str]) -> None:
        publish(old, new)
        assert streamplate("new", PROJECT, "--defaults", "--release", "0.1.0").exit_code == 0

    return made


def commit() -> None:
    git("add", "-A")
    git("commit", "-qm", "mine")


def meaning(code: str) -> str:
    """Its syntax tree, whatever a docstring's lines are indented by."""
    return re.sub(r"\\n +|\\n(\\t)+", r"\\n", ast.dump(ast.parse(code)))


@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_your_own_stays(made: Callable[..., None], streamplate: Command, form: str) -> None:
    notes = "one\ntwo\nthree\nfour\n"
    made({"agent.py": CODE, "notes.md": notes, "gone.py": CODE}, {"agent.py": NEWER, "notes.md": notes + "five\n"})
    FORMS[form]()
    commit()
    before = (PROJECT / "agent.py").read_bytes()

    result = streamplate("update", PROJECT, "--json")

    (report,) = json.loads(result.stdout)
    assert (result.exit_code, report["conflicts"], report["kept"]) == (0, [], [])
    assert not (PROJECT / "gone.py").exists()
    after = (PROJECT / "agent.py").read_bytes()
    assert meaning(after.decode()) == meaning(NEWER)
    assert len(set(before.splitlines()) - set(after.splitlines())) <= 8  # the statement that changed
    assert (b"\r\n" in after) == (form == "CRLF")
    assert after.count(b"\n") in (after.count(b"\r\n"), after.count(b"\n") * (form != "CRLF"))


def test_only_what_both_changed_is_a_conflict(made: Callable[..., None], streamplate: Command) -> None:
    made({"agent.py": CODE}, {"agent.py": NEWER})
    path = PROJECT / "agent.py"
    path.write_text(path.read_text().replace("len(tool) > 3", "len(tool) > 5").replace('"other"', '"very other"'))
    ruff("--line-length", "60")
    commit()
    assert streamplate("update", PROJECT).exit_code == 3
    text = path.read_text()
    assert text.count("<<<<<<< yours\n") == text.count(">>>>>>> v0.2.0\n") == 1
    inside = text.partition("<<<<<<<")[2].partition(">>>>>>>")[0]
    assert "> 5" in inside and "> 4" in inside and "very other" not in inside and "very other" in text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = (a,)\n", "x = (a)\n"),
        ("x = (a + b) * c\n", "x = a + b * c\n"),
        ("if x:\n    y()\nz()\n", "if x:\n    y()\n    z()\n"),
        ("x = 1  # type: ignore\n", "x = 1\n"),
        ("# a\nx = 1\n", "x = 1\n"),
        ("try:\n    x\nexcept A:\n    y\n", "try:\n    x\nexcept B:\n    y\n"),
        ("x = 'a'\n", "x = 'a '\n"),
        ("else_ = 1\n", "elif_ = 1\n"),
    ],
)
def test_what_says_something_else_is_not_the_same(one: str, other: str) -> None:
    assert not by_content.same("a.py", one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = f(a, b)\n", "x = f(\n    a,\n    b,\n)\n"),
        ("x = 'a'\n", 'x = "a"\n'),
        ("x = a and b\n", "x = (\n    a\n    and b\n)\n"),
        ("if a:\n  b()\n", "if a:\n\n    b()\n\n\n"),
        ("x = 1\r\ny = 2\r\n", "x = 1\ny = 2\n"),
        ("class A:\n    '''One.\n\n    Two.\n    '''\n", 'class A:\n  """One.\n\n  Two.\n  """\n'),
    ],
)
def test_what_says_the_same(one: str, other: str) -> None:
    assert by_content.same("a.py", one, other)


def test_python_that_does_not_parse_is_left_to_git() -> None:
    assert by_content.merged("a.py", "x = 1\n", "x = (\n", "x = 2\n", "v2") is None


def test_a_folder_that_you_deleted_stays_deleted(made: Callable[..., None], streamplate: Command) -> None:
    made(
        {"clients/web/a.js": "a\n", "clients/web/b.js": "b\n", "clients/x.py": "x = 1\n"},
        {
            "clients/web/a.js": "newer\n",
            "clients/web/c/d.js": "d\n",
            "clients/web/b.js": "b\n",
            "clients/y.py": "y = 1\n",
        },
    )
    shutil.rmtree(PROJECT / "clients/web")
    commit()
    result = streamplate("update", PROJECT, "--json")
    (report,) = json.loads(result.stdout)
    assert not (PROJECT / "clients/web").exists()
    assert (PROJECT / "clients/y.py").exists()
    assert report["missed"] == ["clients/web/a.js", "clients/web/c/d.js"]
    git("commit", "-qm", "updated")
    assert streamplate("update", PROJECT).output == f"my-agent is up to date ({template.current()})\n"


def link() -> None:
    (PROJECT / "README.md").unlink()
    (PROJECT / "docs").mkdir()
    (PROJECT / "docs/README.md").write_text("mine\n")
    (PROJECT / "README.md").symlink_to("docs/README.md")


def folder() -> None:
    (PROJECT / "README.md").unlink()
    (PROJECT / "README.md").mkdir()
    (PROJECT / "README.md/index").write_text("mine\n")


def file() -> None:
    (PROJECT / "new").write_text("mine\n")


@pytest.mark.parametrize("mine", [link, folder, file])
def test_what_is_of_another_kind_stays_yours(made: Callable[..., None], streamplate: Command, mine: Form) -> None:
    made({"README.md": "1\n2\n", "a": ""}, {"README.md": "1\n2\n3\n", "new/deep/file": "theirs\n", "a": "b\n"})
    mine()
    commit()
    before = set(git("ls-files").splitlines())

    result = streamplate("update", PROJECT, "--json")

    (report,) = json.loads(result.stdout)
    assert "~" not in result.stdout + git("ls-files", "-s")
    assert before <= set(git("ls-files").splitlines())
    assert git("diff", "HEAD", "--stat", "--", *(["new"] if mine is file else ["README.md", "docs"])) == ""
    assert report["missed"] == (["new/deep/file"] if mine is file else ["README.md"])
    assert (PROJECT / "a").read_text() == "b\n"


def test_a_folder_of_the_template_becomes_a_file(made: Callable[..., None], streamplate: Command) -> None:
    made({"conf/a": "a\n", "conf/b": "b\n", "x": "x\n"}, {"conf": "whole\n", "x": "y\n"})
    (PROJECT / "conf/a").write_text("mine\n")
    commit()
    result = streamplate("update", PROJECT, "--json")
    (report,) = json.loads(result.stdout)
    assert (PROJECT / "conf/a").read_text() == "mine\n"
    assert "~" not in result.stdout + git("ls-files")
    assert report["missed"] == ["conf"]


@pytest.mark.parametrize("odd", ["\x0c", "# \x85", "# \u2028", "# \x1c \x1d", '"""\x0b\x0c"""'])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_characters_that_end_a_line_elsewhere_end_none(odd: str, end: str) -> None:
    base = f'x = 1\n{odd}\ndef f():\n    return "a"\n\n\ndef g():\n    return "b"\n'
    yours = base.replace('"', "'").replace("\n", end) if odd[0] != '"' else base.replace('"b"', "'b'")
    theirs = base.replace("x = 1", "x = 2").replace('"b"', '"c"')

    made = by_content.merged("m.py", base, yours, theirs, "v2")

    assert made is not None and made[1]
    assert "x = 2" in made[0] and 'return "c"' in made[0] and "return 'b'" not in made[0]
    assert ast.dump(ast.parse(made[0])) == ast.dump(ast.parse(theirs))
