"""Record another address for the template of projects."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from streamplate import addresses, project, sources
from streamplate.errors import StreamplateError
from streamplate.project import ANSWERS_FILE, Project
from streamplate.template import Template


def move(roots: Iterable[Path], url: str, release: str = "") -> list[Project]:
    """Have the projects in `roots` follow the template at `url`, from its `release` that equals theirs.

    Without one it is that of the same name. Nothing is written unless the template has it for each of them.
    """
    found = [project.load(root) for root in roots]
    with sources.named(url) as template:
        moved = [_moved(each, template, release) for each in found]
    for each in moved:
        _record(each)
    return moved


def _moved(found: Project, template: Template, release: str) -> Project:
    try:
        tag = template.release(release or found.release)
    except StreamplateError as failure:
        hint = f"Name the release that equals {found.release} of {found.source}: --release REF"
        raise StreamplateError(f"{found.root}: {failure.message}", hint if not release else failure.hint) from failure
    return replace(found, source=addresses.for_copier(template.address), release=tag)


def _record(found: Project) -> None:
    """Two values of the answers file, on as many lines as they take; everything else, its line ends too, stays."""
    path = found.root / ANSWERS_FILE
    text = path.read_bytes().decode("utf-8")
    for key, value in (("_src_path", found.source), ("_commit", found.release)):
        pattern = re.compile(rf"""^(\ufeff?['"]?{key}['"]?:)[^\r\n]*(?:\r?\n[ \t]+[^\r\n]*)*""", re.MULTILINE)
        text = pattern.sub(partial(_with_value, _scalar(value)), text)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_bytes(text.encode("utf-8"))
    beside.replace(path)


def _with_value(value: str, line: re.Match[str]) -> str:
    return f"{line[1]} {value}"


def _scalar(value: str) -> str:
    import yaml

    return str(yaml.safe_dump(value, width=10**6)).splitlines()[0]
