"""Variation is a folder, hardly ever an `if` inside a file."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment

TEMPLATE = Path(__file__).parents[2] / "template"
NOT_RENDERED = {"presets", "questions", "releases"}
CEILING = 26
"""What is there now, and no more: 15 ask whether a document or pyproject.toml has a section or names a folder; 11 join
a few lines of a command, where a folder each would be files that differ in those lines only. Whoever needs one more
takes one out, or makes a folder."""


def conditionals(file: Path) -> int:
    """The `if`s and `elif`s in a template file, in statements, loops and expressions alike."""
    tokens = Environment(autoescape=True).lex(file.read_text("utf-8"))
    return sum(kind == "name" and value in ("if", "elif") for _, kind, value in tokens)


def template_files() -> list[Path]:
    """Every file that Jinja reads: those of the tree that end in `.jinja`, and whatever they may include."""
    files = [path for path in TEMPLATE.rglob("*") if path.is_file()]
    folders = {path: path.relative_to(TEMPLATE).parts[0] for path in files}
    return [
        path
        for path in files
        if folders[path] not in NOT_RENDERED and (folders[path] != "project" or path.suffix == ".jinja")
    ]


def test_conditionals_inside_files_stay_few() -> None:
    counts = {path.relative_to(TEMPLATE).as_posix(): conditionals(path) for path in template_files()}
    found = {name: count for name, count in counts.items() if count}

    assert sum(found.values()) <= CEILING, found


def test_conditionals_are_counted_wherever_they_stand(tmp_path: Path) -> None:
    file = tmp_path / "file.jinja"
    file.write_text("{% if a %}if{% elif b %}{% endif %}{% for x in y if x %}{% endfor %}{{ 'if' if c else 'd' }}")

    assert conditionals(file) == 4
