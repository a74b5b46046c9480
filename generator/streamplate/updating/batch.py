"""Update many projects at once: in parallel, and no failure stops another."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

from streamplate import log, sources
from streamplate.errors import StreamplateError, from_system
from streamplate.render import Render
from streamplate.sources import Choose
from streamplate.template import Template
from streamplate.updating import merging, plan
from streamplate.updating.plan import Plan, UpdateRequest
from streamplate.updating.report import Report, failed

Progress = Callable[[Report], None]


def update_all(
    roots: Iterable[Path],
    request: UpdateRequest,
    progress: Progress = lambda report: None,
    choose: Choose | None = None,
) -> list[Report]:
    """Update the project in each of `roots`; its report says what happened to it. In the order of `roots`.

    Each follows the template that it was made from, or the one that `choose` returns for it.
    """
    if choose is None:
        with sources.opened() as own:
            return update_all(roots, request, progress, own)
    plans: list[Plan] = []
    reports: dict[str, Report] = {}
    for root in roots:
        planned = _planned(root, request, choose)
        path = str(planned.project.root) if isinstance(planned, Plan) else planned.path
        if isinstance(planned, Plan) and path not in reports:
            plans.append(planned)
        reports.setdefault(path, planned if isinstance(planned, Report) else _stopped(path))
    for report in _carried_out(plans, choose):
        reports[report.path] = report
        progress(report)
    return list(reports.values())


def _planned(root: Path, request: UpdateRequest, choose: Choose) -> Plan | Report:
    """What is to be done for a project, or the report where nothing is."""
    try:
        planned = plan.make(root, request, choose)
        return merging.nothing_to_do(planned) if planned.is_idle else planned
    except StreamplateError as failure:
        return failed(Path(os.path.abspath(root)), failure)
    except OSError as error:
        return failed(Path(os.path.abspath(root)), from_system(error))


def _stopped(path: str) -> Report:
    """The report of a project that nothing was heard of: the process that had it in hand died."""
    return failed(Path(path), StreamplateError("The process that updated it was ended", "Run it again"))


@dataclass(frozen=True)
class _Job:
    """A plan with the releases that it needs, unpacked, and what renders them."""

    plan: Plan
    folders: Mapping[str, Path]
    render: Render


def _carried_out(plans: list[Plan], choose: Choose) -> Iterator[Report]:
    """The reports as they come; projects of one repository take turns, because they share its index."""
    with ExitStack() as stack:
        unpack = _Unpacked(stack, choose)
        repositories = defaultdict(list)
        for planned in plans:
            job = unpack.job(planned)
            if isinstance(job, Report):
                yield job
            else:
                repositories[_repository(planned.project.root)].append(job)
        workers = min(len(repositories), os.cpu_count() or 1)
        if not workers:
            return
        processes = ProcessPoolExecutor(workers, get_context("spawn"), log.show, (log.level(),))
        pool = stack.enter_context(processes)
        turns = [_on_branches_of_their_own(repository, turn) for repository, turn in repositories.items()]
        for future in as_completed([pool.submit(_in_turn, turn) for turn in turns]):
            with suppress(BrokenExecutor):
                yield from future.result()


class _Unpacked:
    """The releases of several templates, each unpacked once. One that cannot be had fails its own projects only."""

    def __init__(self, stack: ExitStack, choose: Choose) -> None:
        self._stack, self._choose = stack, choose
        self._known: dict[tuple[str, str], Path | StreamplateError] = {}

    def job(self, planned: Plan) -> _Job | Report:
        template = self._choose(planned.project)
        folders = {tag: self._folder(template, tag) for tag in planned.releases}
        if failure := next((each for each in folders.values() if isinstance(each, StreamplateError)), None):
            return failed(planned.project.root, failure)
        return _Job(planned, {tag: each for tag, each in folders.items() if isinstance(each, Path)}, template.render)

    def _folder(self, template: Template, tag: str) -> Path | StreamplateError:
        key = template.address, tag
        if key not in self._known:
            try:
                self._known[key] = self._stack.enter_context(template.unpacked(tag))[tag]
            except StreamplateError as failure:
                self._known[key] = failure
        return self._known[key]


def _on_branches_of_their_own(repository: Path, jobs: list[_Job]) -> list[_Job]:
    """Of several projects in a repository each gets a branch named after its folder, below the one asked for."""
    if len(jobs) == 1 or not jobs[0].plan.request.branch:
        return jobs
    return [replace(job, plan=_on_branch(job.plan, _branch(repository, job.plan))) for job in jobs]


def _on_branch(plan: Plan, name: str) -> Plan:
    return replace(plan, request=replace(plan.request, branch=name))


def _branch(repository: Path, plan: Plan) -> str:
    folders = plan.project.root.relative_to(repository).parts or (repository.name,)
    return "/".join([plan.request.branch, *(re.sub(r"[^A-Za-z0-9_]+", "-", folder).strip("-") for folder in folders)])


def _in_turn(jobs: list[_Job]) -> list[Report]:
    return [_attempted(job.plan, job) for job in jobs]


def _attempted(planned: Plan, job: _Job) -> Report:
    try:
        return merging.carry_out(planned, job.folders, job.render)
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
