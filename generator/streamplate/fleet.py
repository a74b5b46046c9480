"""Update many projects at once: in parallel, and no failure stops another."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path

from streamplate import log
from streamplate.errors import ForeignTemplate, StreamplateError
from streamplate.project import Project
from streamplate.template import unpacked
from streamplate.updates import Job, Report, Wanted, merge_release, plan, unchanged

Planned = tuple[Project, str]
Progress = Callable[[Report], None]


def update_all(roots: Iterable[Path], wanted: Wanted, progress: Progress = lambda report: None) -> list[Report]:
    """Update the project in each of `roots`; its report says what happened to it. In the order of `roots`."""
    jobs, reports = [], {}
    for root in roots:
        planned = _planned(root, wanted)
        if isinstance(planned, Report):
            reports[planned.path] = planned
        else:
            jobs.append(planned)
            reports[str(planned[0].root)] = Report(str(planned[0].root), "failed")
    for report in _carried_out(jobs, wanted):
        reports[report.path] = report
        progress(report)
    return list(reports.values())


def _planned(root: Path, wanted: Wanted) -> Planned | Report:
    """What is to be done for a project, or the report where nothing is."""
    try:
        found, tag = plan(root, wanted)
        return unchanged(found, wanted, tag) or (found, tag)
    except ForeignTemplate as other:
        return Report(os.path.abspath(root), "skipped", error=other.message)
    except StreamplateError as failure:
        return _failed(Path(os.path.abspath(root)), failure)


def _carried_out(jobs: list[Planned], wanted: Wanted) -> Iterator[Report]:
    """The reports as they come; projects of one repository take turns, because they share its index."""
    repositories = defaultdict(list)
    for job in jobs:
        repositories[_repository(job[0].root)].append(job)
    workers = min(len(repositories), os.cpu_count() or 1)
    if not workers:
        return
    with ExitStack() as stack:
        needed = {tag for found, tag in jobs} | {found.release for found, tag in jobs}
        templates = {tag: stack.enter_context(unpacked(tag)) for tag in needed}
        processes = ProcessPoolExecutor(workers, get_context("spawn"), log.show, (log.level(),))
        pool = stack.enter_context(processes)
        futures = [pool.submit(_in_turn, group, wanted, templates) for group in repositories.values()]
        for future in as_completed(futures):
            yield from future.result()


def _in_turn(jobs: list[Planned], wanted: Wanted, templates: Mapping[str, Path]) -> list[Report]:
    return [_attempted(found, wanted, tag, templates) for found, tag in jobs]


def _attempted(found: Project, wanted: Wanted, tag: str, templates: Mapping[str, Path]) -> Report:
    try:
        return merge_release(Job(found, wanted, tag, templates))
    except StreamplateError as failure:
        return _failed(found.root, failure)
    except OSError as error:
        return _failed(found.root, StreamplateError(str(error)))


def _failed(root: Path, failure: StreamplateError) -> Report:
    return Report(str(root), "failed", error=failure.message, hint=failure.hint)


def _repository(root: Path) -> Path:
    """Folder that holds the `.git` of a project; the project's own if there is none."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
