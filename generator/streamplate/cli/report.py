"""What an update did, for people."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path

import click

from streamplate.updating import Report

_COLOURS = {
    "updated": "green",
    "up to date": "green",
    "unchanged": "green",
    "conflicts": "yellow",
    "failed": "red",
}
_LISTS = {
    "conflicts": "Conflicts to resolve, then git add:",
    "kept": "Kept with your edits, though the template no longer has it:",
    "missed": "Skipped: changed by the template, but deleted or rewritten by you:",
    "news": "What is new:",
    "own": "Yours, and left as they are, though the template has files of these names:",
    "breaking": "Breaking changes:",
    "manual": "To do by hand:",
    "checks": "To test it:",
}


_TICKED = ("conflicts", "manual", "checks")
"""What somebody has to do."""


def exit_code(reports: list[Report]) -> int:
    """1 if an update failed, or would be refused, else 3 if one left conflicts, else 0."""
    statuses = {report.status for report in reports}
    return 1 if any(report.error for report in reports) else 3 if "conflicts" in statuses else 0


def as_json(reports: list[Report]) -> str:
    return json.dumps([dataclasses.asdict(report) for report in reports], indent=2)


def one(report: Report, preview: bool) -> str:
    """Everything about one project."""
    if report.status == "up to date":
        return f"{_name(report)} is up to date ({report.new})"
    if report.status == "unchanged":
        return f"{_name(report)} has these answers already ({report.new}); nothing was changed."
    lines = [_headline(report), *_files(report)]
    for attribute, title in _LISTS.items():
        if items := getattr(report, attribute):
            box = "[ ] " if attribute == "manual" else ""
            lines += ["", click.style(title, bold=True), *(f"  {box}{item}" for item in items)]
    if preview:
        refused = ["", f"It would be refused: {report.error}", report.hint] if report.error else []
        return "\n".join([report.diff, *lines, *refused, "", "Nothing was written."])
    said = ["", report.message] if report.message else []
    return "\n".join([*lines, *said, "", f"To undo it all:  {report.undo}"])


def line(report: Report) -> str:
    """One project in a list of many."""
    status = click.style(f"{report.status:10}", fg=_COLOURS[report.status])
    what = report.error or (f"{report.old} → {report.new}" if report.old != report.new else report.new)
    files = ", ".join(report.conflicts)
    return f"{status} {_name(report)}: {what}{f'; resolve {files}' if files else ''}"


def summary(reports: list[Report]) -> str:
    """How many projects ended in which state."""
    counts = {status: sum(report.status == status for report in reports) for status in _COLOURS}
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count)


def markdown(reports: list[Report]) -> str:
    """One document about all projects, for an issue or a pull request: what is new, then what each asks for."""
    news = dict.fromkeys(item for report in reports for item in report.news)
    parts = [f"# Template update: {summary(reports)}", *(["## What is new", _items(news)] if news else [])]
    return "\n\n".join([*parts, *map(_section, reports)]) + "\n"


def _section(report: Report) -> str:
    versions = f"{report.old} → {report.new}" if report.old not in ("", report.new) else report.new
    parts = [f"## {_name(report)}: {report.status}", versions, report.error, report.hint]
    for attribute, title in _LISTS.items():
        if attribute != "news" and (items := getattr(report, attribute)):
            parts += [f"### {title.rstrip(':')}", _items(items, "- [ ] " if attribute in _TICKED else "- ")]
    return "\n\n".join(filter(None, parts))


def _items(items: Iterable[str], bullet: str = "- ") -> str:
    return "\n".join(f"{bullet}{item}" for item in items)


def _headline(report: Report) -> str:
    versions = f"{report.old} → {report.new}" if report.old not in ("", report.new) else report.new
    versions += ", adopted" if report.status == "adopted" else ""
    return f"{click.style(_name(report), bold=True)}: {versions}"


def _files(report: Report) -> list[str]:
    letters = (("A", report.added), ("M", report.changed), ("D", report.removed))
    moves = [f"  R {old} → {new}" for old, new in report.renamed.items()]
    return [f"  {letter} {path}" for letter, paths in letters for path in paths] + moves


def _name(report: Report) -> str:
    path = Path(report.path)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) and path != Path.cwd() else path.name
