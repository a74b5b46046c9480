"""Release the version in the working tree: `python generator/release.py [NEXT]`.

Checks that the release is complete, freezes its template in `releases.bundle`, commits and tags it, then opens the
next version (a minor one unless NEXT says otherwise), so that what the working tree renders is never taken for what
was released.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from hatch_build import write_bundle
from streamplate import __version__, notes, questions, template
from streamplate.errors import UsageProblem
from streamplate.our_template import render
from streamplate.updating.three_way import renamed

ROOT = Path(__file__).parents[1]
FROZEN = Path("tests", "tool", "releases.txt")
"""One line a release: its tag, and the id of the git tree that holds its template."""


def main() -> None:
    following = sys.argv[1] if len(sys.argv) > 1 else _next_minor(__version__)
    if problems := list(incomplete(ROOT, __version__)):
        sys.exit("\n".join(f"- {problem}" for problem in problems))
    freeze(ROOT, __version__)
    _git("add", "CHANGELOG.md", str(FROZEN), "generator")
    _git("commit", "-q", "-m", f"Release {__version__}")
    _git("tag", f"v{__version__}")
    open_next(ROOT, __version__, following)
    subprocess.run([sys.executable, "-m", "tests.example"], cwd=ROOT, check=True)
    _git("add", "--all")
    _git("commit", "-q", "-m", f"Open {following}")
    print(f"Released v{__version__}. To publish it:")
    print(f"  git push origin main v{__version__}")
    print(f"  git checkout v{__version__} && python -m build && twine upload dist/*")


def incomplete(root: Path, version: str) -> Iterator[str]:
    """What is missing before `version` can be released."""
    if _git("status", "--porcelain", cwd=root):
        yield "The working tree has uncommitted changes"
    if f"v{version}" in template.bundled(_bundle(root)):
        yield f"{version} is released already: open the next version in generator/streamplate/__init__.py"
    if f"\n## {version}, unreleased\n" not in (root / "CHANGELOG.md").read_text("utf-8"):
        yield f"CHANGELOG.md has no section '## {version}, unreleased'"
    known = [each.release for each in notes.read(root)]
    if known[-1:] != [f"v{version}"]:
        yield f"The last notes in template/releases are not v{version}.yml"
    yield from (f"{path} is gone: record it in renames or removed of v{version}.yml" for path in unrecorded(root))


def freeze(root: Path, version: str) -> None:
    """Add the template to the bundle of releases, and write down what it is."""
    write_bundle(root, version, _bundle(root))
    lines = "".join(f"{tag} {tree}\n" for tag, tree in trees(_bundle(root)).items())
    (root / FROZEN).write_text(lines, "utf-8")
    _replace(root / "CHANGELOG.md", f"## {version}, unreleased", f"## {version}, {date.today()}")


def open_next(root: Path, version: str, following: str) -> None:
    """Make `following` the version of the working tree."""
    _replace(root / "generator" / "streamplate" / "__init__.py", f'"{version}"', f'"{following}"')
    _replace(root / "CHANGELOG.md", "# Changelog\n", f"# Changelog\n\n## {following}, unreleased\n")
    (root / "template" / "releases" / f"v{following}.yml").write_text("summary: ''\n", "utf-8")


def trees(bundle: Path) -> dict[str, str]:
    """Tag of each release in a bundle, oldest first, and the git tree of its template."""
    with tempfile.TemporaryDirectory() as folder:
        _git("clone", "-q", "--mirror", str(bundle), folder)
        tags = sorted(template.bundled(bundle), key=template.order)
        return {tag: _git("rev-parse", f"{tag}^{{tree}}", cwd=Path(folder)).strip() for tag in tags}


def unrecorded(root: Path) -> list[str]:
    """Files that the last release rendered, the working tree does not, and its notes say nothing about.

    Without a record an update would leave the user's edits at the old place, or not know that they belong together.
    """
    released = sorted(template.bundled(_bundle(root)), key=template.order)
    if not released:
        return []
    with tempfile.TemporaryDirectory() as folder:
        old = Path(folder, "template")
        _git("-c", "advice.detachedHead=false", "clone", "-q", "--branch", released[-1], str(_bundle(root)), str(old))
        before, now = _rendered(old, Path(folder, "old")), _rendered(root, Path(folder, "new"))
    recorded_notes = notes.crossed(root, released[-1], f"v{sys.maxsize}")
    renames = {a: b for each in recorded_notes for a, b in each.renames.items()}
    removed = {path for each in recorded_notes for path in each.removed}
    return sorted(path for path in before - now - removed if renamed(path, renames) not in now)


def _rendered(source: Path, folder: Path) -> set[str]:
    """Paths of every file that some choice of answers renders, `*` in place of the package's own name."""
    paths: set[str] = set()
    for number, answers in enumerate(_every_choice(source)):
        target = folder / str(number)
        with suppress(UsageProblem):  # a pair that the template refuses is no project
            render(source, target, {"project_name": "my-agent", **answers}, tag="v0", ask=False)
        files = (path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())
        paths |= {path.replace("my_agent", "*") for path in files}
    return paths


def _every_choice(source: Path) -> list[dict[str, Any]]:
    """Answers that take each choice once: every item of each list, and each single choice beside other defaults."""
    asked = questions.read(source)
    open_ones = {question.key: question.example for question in asked if question.default is None}
    single = [question for question in asked if question.choices and not question.multiple]
    others = [{each.key: choice} for each in single for choice in each.choices if choice != each.default]
    return [open_ones | _full_lists(asked, answers) | answers for answers in [{}, *others]]


def _full_lists(asked: list[questions.Question], answers: dict[str, str]) -> dict[str, list[str]]:
    """Every item of each list that goes with `answers`."""
    return {each.key: each.fitting(answers) for each in asked if each.choices and each.multiple}


def _bundle(root: Path) -> Path:
    return root / "generator" / "streamplate" / "releases.bundle"


def _next_minor(version: str) -> str:
    major, minor, *_ = version.split(".")
    return f"{major}.{int(minor) + 1}.0"


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    if text.count(old) != 1:
        sys.exit(f"{path} should hold {old!r} once")
    path.write_text(text.replace(old, new), "utf-8")


def _git(*args: str, cwd: Path = ROOT) -> str:
    return subprocess.check_output(["git", *args], cwd=cwd, text=True)


if __name__ == "__main__":
    main()
