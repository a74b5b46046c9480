"""Update many projects at once: in parallel, and no failure stops another."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed
from contextlib import ExitStack, suppress
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

from streamplate import log
from streamplate.errors import OtherTemplate, StreamplateError, from_system
from streamplate.our_template import OURS
from streamplate.render import Render
from streamplate.template import Template
from streamplate.updating import merging, plan
from streamplate.updating.plan import Plan, UpdateRequest
from streamplate.updating.report import Report, failed

Progress = Callable[[Report], None]


def update_all(
    roots: Iterable[Path],
    request: UpdateRequest,
    progress: Progress = lambda report: None,
    template: Template = OURS,
) -> list[Report]:
    """Update the project in each of `roots`; its report says what happened to it. In the order of `roots`."""
    plans: list[Plan] = []
    reports: dict[str, Report] = {}
    for root in roots:
        planned = _planned(root, request, template)
        path = str(planned.project.root) if isinstance(planned, Plan) else planned.path
        if isinstance(planned, Plan) and path not in reports:
            plans.append(planned)
        reports.setdefault(path, planned if isinstance(planned, Report) else _stopped(path))
    for report in _carried_out(plans, template):
        reports[report.path] = report
        progress(report)
    return list(reports.values())


def _planned(root: Path, request: UpdateRequest, template: Template) -> Plan | Report:
    """What is to be done for a project, or the report where nothing is."""
    try:
        planned = plan.make(root, request, template)
        return merging.nothing_to_do(planned) if planned.is_idle else planned
    except OtherTemplate as other:
        return Report(os.path.abspath(root), "skipped", error=other.message)
    except StreamplateError as failure:
        return failed(Path(os.path.abspath(root)), failure)
    except OSError as error:
        return failed(Path(os.path.abspath(root)), from_system(error))


def _stopped(path: str) -> Report:
    """The report of a project that nothing was heard of: the process that had it in hand died."""
    return failed(Path(path), StreamplateError("The process that updated it was ended", "Run it again"))


def _carried_out(plans: list[Plan], template: Template) -> Iterator[Report]:
    """The reports as they come; projects of one repository take turns, because they share its index."""
    repositories = defaultdict(list)
    for planned in plans:
        repositories[_repository(planned.project.root)].append(planned)
    workers = min(len(repositories), os.cpu_count() or 1)
    if not workers:
        return
    with ExitStack() as stack:
        needed = dict.fromkeys(release for planned in plans for release in planned.releases)
        folders = stack.enter_context(template.unpacked(*needed))
        processes = ProcessPoolExecutor(workers, get_context("spawn"), log.show, (log.level(),))
        pool = stack.enter_context(processes)
        turns = [_on_branches_of_their_own(repository, turn) for repository, turn in repositories.items()]
        for future in as_completed([pool.submit(_in_turn, turn, folders, template.render) for turn in turns]):
            with suppress(BrokenExecutor):
                yield from future.result()


def _on_branches_of_their_own(repository: Path, plans: list[Plan]) -> list[Plan]:
    """Of several projects in a repository each gets a branch named after its folder, below the one asked for."""
    if len(plans) == 1 or not plans[0].request.branch:
        return plans
    return [replace(each, request=replace(each.request, branch=_branch(repository, each))) for each in plans]


def _branch(repository: Path, plan: Plan) -> str:
    folders = plan.project.root.relative_to(repository).parts or (repository.name,)
    return "/".join([plan.request.branch, *(re.sub(r"[^A-Za-z0-9_]+", "-", folder).strip("-") for folder in folders)])


def _in_turn(plans: list[Plan], folders: Mapping[str, Path], render: Render) -> list[Report]:
    return [_attempted(planned, folders, render) for planned in plans]


def _attempted(planned: Plan, folders: Mapping[str, Path], render: Render) -> Report:
    try:
        return merging.carry_out(planned, folders, render)
    except StreamplateError as failure:
        return failed(planned.project.root, failure)
    except OSError as error:
        return failed(planned.project.root, from_system(error))
    except Exception as error:  # a fault of ours with one project is no reason to stop the others
        log.unexpected(error)
        return failed(planned.project.root, StreamplateError(f"{type(error).__name__}: {error}", "See it with -v"))


def _repository(root: Path) -> Path:
    """Folder that holds the `.git` of a project; the project's own if there is none."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
