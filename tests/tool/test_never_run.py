"""Nobody's code runs because a template was rendered or merged: attacks, each as a small template."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from streamplate import questions, rendered_paths
from streamplate.errors import StreamplateError

# A folder that Copier leaves open when it stops.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

Command = Callable[..., Result]
Attack = Callable[..., str]

ANSWERS = "{{ _copier_answers | to_nice_yaml -}}\n"
SETTINGS = "_subdirectory: p\nname: demo\n"


def git(*args: str, cwd: Path) -> str:
    return subprocess.check_output(["git", *args], cwd=cwd, text=True)


@pytest.fixture
def proof(tmp_path: Path) -> Iterator[Path]:
    """What the attacks would write; it must never be there."""
    proof = tmp_path / "proof"
    yield proof
    assert not proof.exists()


@pytest.fixture
def attack(tmp_path: Path) -> Attack:
    """`attack(files, questions)` releases a template of `files`, the names of which may be answers; its address."""
    place = tmp_path / "template.git"
    git("init", "-q", str(place), cwd=tmp_path)

    def release(files: dict[str, str], questions: str = "", links: dict[str, str] | None = None) -> str:
        everything = {"copier.yml": SETTINGS + questions, "p/{{ _copier_conf.answers_file }}.jinja": ANSWERS}
        for name, content in (everything | {f"p/{path}": text for path, text in files.items()}).items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
            path.chmod(0o755)
        for name, target in (links or {}).items():
            (place / "p" / name).symlink_to(target)
        git("add", "--all", cwd=place)
        number = len(git("tag", cwd=place).split()) + 1
        git("commit", "-qm", "a release", cwd=place)
        git("tag", f"v{number}.0.0", cwd=place)
        return str(place)

    return release


def answer(value: str) -> str:
    """A question whose answer nobody sees, for a name that git would not keep in a repository."""
    return f'g: {{default: "{value}", when: false}}\n'


def monitor(proof: Path) -> str:
    return f'[core]\n\trepositoryformatversion = 0\n\tfsmonitor = "touch {proof}; false"\n'


def hook(proof: Path) -> str:
    return f"#!/bin/sh\ntouch {proof}\n"


def refused(result: Result, said: str) -> None:
    assert result.exit_code == 1, result.output
    assert said in result.stderr


@pytest.mark.parametrize("repository", ["--git", "--no-git"])
@pytest.mark.parametrize("folder", [".git", "sub/.git"])
def test_a_rendered_repository(streamplate: Command, attack: Attack, proof: Path, folder: str, repository: str) -> None:
    files = {"{{ g }}/config": monitor(proof), "{{ g }}/hooks/post-commit": hook(proof)}
    url = attack(files, answer(folder))
    refused(streamplate("new", "x", "--template", url, "--defaults", repository), "git would take for its own folder")
    assert not Path("x").exists()


def test_a_repository_that_an_update_renders(streamplate: Command, attack: Attack, proof: Path) -> None:
    url = attack({"x": "1\n"})
    assert streamplate("new", "x", "--template", url, "--defaults").exit_code == 0
    before = Path("x/.git/config").read_text()
    attack({"{{ g }}/config": monitor(proof), "{{ g }}/HEAD": "ref: refs/heads/x\n"}, answer(".git"))
    refused(streamplate("update", "x", "--template", url), "git would take for its own folder")
    assert Path("x/.git/config").read_text() == before
    git("status", cwd=Path("x"))


@pytest.mark.parametrize(
    "name",
    [
        ".git",
        ".GIT",
        ".Git",
        "git~1",
        "GIT~1",
        "git~2",
        ".git.",
        ".git ",
        ".git . .",
        ".git::$INDEX_ALLOCATION",
        ".git:stream",
        ".g\u200cit",
        ".git\u200d",
        "\ufeff.git",
        ".g\u202ei\u206ft",
        "\uff0egit",
        ".\uff47\uff49\uff54",
        "a\\.git",
        ".git\\config",
        "GIT~1 ",
    ],
)
def test_git_in_disguise(streamplate: Command, attack: Attack, name: str) -> None:
    assert rendered_paths.is_git(name)
    written = name.replace("\\", "\\\\")
    url = attack({"{{ g }}/config": "[core]\n"}, answer(written))
    refused(streamplate("new", "x", "--template", url, "--defaults"), "git would take for its own folder")


@pytest.mark.parametrize("name", [".gitignore", ".github", "git", "git~", "digit~1", ".git2", "x.git", ".gitmodules"])
def test_names_that_are_not_git(name: str) -> None:
    assert not rendered_paths.is_git(name)


@pytest.mark.parametrize("place", ["../outside", "/outside"])
def test_a_path_out_of_the_project(streamplate: Command, attack: Attack, tmp_path: Path, place: str) -> None:
    outside = tmp_path / "outside"
    written = str(outside) if place.startswith("/") else place
    result = streamplate("new", "x", "--template", attack({"{{ g }}": "x\n"}, answer(written)), "--defaults")
    assert result.exit_code != 0
    assert not outside.exists()


@pytest.mark.parametrize("target", ["/etc/hostname", "../outside", "sub/../../outside", "loop/../outside"])
def test_a_link_out_of_the_project(streamplate: Command, attack: Attack, tmp_path: Path, target: str) -> None:
    (tmp_path / "outside").write_text("secret\n")
    url = attack({"sub/x": "1\n"}, "_preserve_symlinks: true\n", {"loop": ".", "link": target})
    result = streamplate("new", "x", "--template", url, "--defaults")
    assert result.exit_code == 1
    assert "link" in result.stderr
    assert not Path("x").exists()


def test_a_link_in_the_template_to_a_file_of_the_machine(streamplate: Command, attack: Attack, tmp_path: Path) -> None:
    """Without `_preserve_symlinks` Copier renders what the link leads to."""
    (tmp_path / "secret").write_text("secret\n")
    url = attack({}, links={"copy": str(tmp_path / "secret")})
    result = streamplate("new", "x", "--template", url, "--defaults")
    assert result.exit_code == 1, result.output
    assert not Path("x").exists()


def test_links_inside_the_project_stay(streamplate: Command, attack: Attack) -> None:
    url = attack({"sub/x": "1\n"}, "_preserve_symlinks: true\n", {"link": "sub/x", "sub/up": "../sub/x"})
    result = streamplate("new", "x", "--template", url, "--defaults")
    assert result.exit_code == 0, result.stderr
    assert (os.readlink("x/link"), os.readlink("x/sub/up")) == ("sub/x", "../sub/x")


@pytest.mark.parametrize(
    "line",
    [
        '[submodule "../../hooks"]\n\tpath = x\n\turl = https://example.com/x\n',
        '[submodule "x"]\n\tpath = x\n\turl = -u./payload\n',
        '[submodule "x"]\n\tpath = -x\n\turl = https://example.com/x\n',
        '[submodule "x"]\n\tpath = x\n\turl = https://example.com/x\n\tupdate = !touch proof\n',
        '[submodule "x"]\n\tpath = x\n\turl = https://example.com/%0ahost=evil\n',
    ],
)
def test_submodules_that_made_git_run_commands(streamplate: Command, attack: Attack, line: str) -> None:
    refused(streamplate("new", "x", "--template", attack({".gitmodules": line}), "--defaults"), "made git run commands")


def test_the_owners_hooks_filters_and_monitor_do_not_run(
    streamplate: Command, attack: Attack, proof: Path, home: Path
) -> None:
    url = attack({"a": "1\n", ".gitattributes": "* diff=x merge=x\na filter=x\n"})
    hooks = home / "hooks"
    hooks.mkdir()
    for name in ("post-commit", "post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc"):
        (hooks / name).write_text(hook(proof))
        (hooks / name).chmod(0o755)
    (home / ".gitconfig").write_text(
        f"[user]\n\tname = Ada\n\temail = ada@example.com\n[core]\n\thooksPath = {hooks}\n\tfsmonitor = touch {proof}\n"
        f'[filter "x"]\n\tclean = touch {proof}\n\tsmudge = touch {proof}\n\trequired = true\n'
        f'[diff "x"]\n\ttextconv = touch {proof}\n\tcommand = touch {proof}\n[merge "x"]\n\tdriver = touch {proof}\n'
        f"[diff]\n\texternal = touch {proof}\n[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = touch {proof}\n"
    )
    assert streamplate("new", "x", "--template", url, "--defaults").exit_code == 0
    assert git("log", "--format=%an", cwd=Path("x")) == "Ada\n"


def test_an_update_starts_no_hook_of_the_project(
    streamplate: Command, publish: Callable[..., None], proof: Path
) -> None:
    publish({"a": "1\n"}, {"a": "2\n"})
    streamplate("new", "x", "--defaults", "--release", "0.1.0")
    for name in ("post-index-change", "reference-transaction", "post-checkout", "post-merge", "post-commit"):
        (Path("x/.git/hooks") / name).write_text(hook(proof))
        (Path("x/.git/hooks") / name).chmod(0o755)
    assert streamplate("update", "x", "--branch", "next").exit_code == 0
    assert streamplate("update", "x").exit_code == 0


def test_extensions_of_every_document_are_named(streamplate: Command, attack: Attack) -> None:
    url = attack({}, "_jinja_extensions: [one.Extension]\n---\n_jinja_extensions: [two.Extension]\n---\nother: x\n")
    result = streamplate("new", "x", "--template", url, "--defaults")
    assert result.exit_code == 2
    assert "runs code of its own: one.Extension; two.Extension" in result.stderr


@pytest.mark.parametrize("pattern", ["/etc/hostname", "../outside.yml", "in/../../outside.yml"])
def test_questions_from_outside_the_template(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "outside.yml").write_text("secret: 1\n")
    (tmp_path / "template" / "in").mkdir(parents=True)
    (tmp_path / "template" / "copier.yml").write_text(f"!include {pattern}\n")
    with pytest.raises(StreamplateError, match="cannot be read"):
        questions.load(tmp_path / "template")
