"""Render a template into a folder: Copier's public `run_copy`, and its errors in our words."""

from __future__ import annotations

import logging
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from streamplate.errors import StreamplateError, UsageProblem
from streamplate.project import ANSWERS_FILE
from streamplate.rendered_paths import refuse_unsafe


@dataclass(frozen=True)
class Rendered:
    """What a render recorded, and what its template says of it."""

    answers: dict[str, Any]
    """Every answer, its template's address and release (`_src_path`, `_commit`) among them."""
    once: list[str] = field(default_factory=list)
    """Files of `_skip_if_exists`: made where they are not there, and never changed."""
    messages: dict[str, str] = field(default_factory=dict)
    """The text of each `_message_…`, by its name in Copier."""


Ask = bool | Sequence[str]
"""Whether to ask what is left open; or the keys of all that is asked."""


class Render(Protocol):
    """Renders a release of one template."""

    def __call__(self, template: Path, target: Path, answers: Mapping[str, Any], *, tag: str, ask: Ask) -> Rendered:
        """Render release `tag`, unpacked in `template`, into `target`.

        `ask` prompts for what `answers` leaves open, or for the questions that it names; the defaults fill the rest.
        """
        ...


_log = logging.getLogger(__name__)


def copied(source: str, target: Path, environment: Mapping[str, str], *, ask: Ask, **options: Any) -> Rendered:
    """Run Copier with `options` of its `run_copy` and variables of its `environment`."""
    import copier
    from copier.errors import CopierError, InteractiveSessionError
    from jinja2 import TemplateError
    from plumbum import local

    started = time.monotonic()
    options |= {"defaults": ask is not True, "ask": [] if isinstance(ask, bool) else ask}
    try:
        with local.env(**environment):
            worker = copier.run_copy(source, target, quiet=True, settings=copier.Settings(), **options)
            if options.get("unsafe"):
                _drop_repository(target)
            once, messages = _once(worker, target), _messages(worker)
    except (KeyboardInterrupt, InteractiveSessionError) as error:
        raise StreamplateError("Interrupted: nothing was written") from error
    except (CopierError, TemplateError, ValueError, TypeError) as error:
        raise _in_our_words(error) from error
    refuse_unsafe(target)
    _log.debug("copier %s → %s, %.0f ms", source, target, 1000 * (time.monotonic() - started))
    return Rendered(recorded(target), once, messages)


def _drop_repository(target: Path) -> None:
    """Remove the repository that a task such as `git init` made: a new project gets its own, an old one has it."""
    place = target / ".git"
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)


def _once(worker: Any, target: Path) -> list[str]:
    if not worker.all_skip_if_exists:
        return []
    files = (path.relative_to(target) for path in target.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path.as_posix() for path in files if worker.match_skip(path))


def _messages(worker: Any) -> dict[str, str]:
    """Copier prints them among lines of its own, so they are rendered here, with the answers."""
    texts = {name: getattr(worker.template, name) for name in ("message_after_copy", "message_after_update")}
    rendered = {name: _message(worker, text) for name, text in texts.items() if text}
    return {name: text.strip() for name, text in rendered.items() if text.strip()}


def _message(worker: Any, text: str) -> str:
    """As it is written, where it needs more than answers."""
    from jinja2 import TemplateError

    try:
        rendered: str = worker.jinja_env.from_string(text).render(worker.answers.combined)
        return rendered
    except TemplateError:
        return text


def recorded(target: Path) -> dict[str, Any]:
    """The answers that a project records, its template's address and release (`_src_path`, `_commit`) among them."""
    import yaml

    if not (target / ANSWERS_FILE).is_file():
        hint = "Add that file to the template: https://copier.readthedocs.io/en/stable/configuring/#the-copier-answersyml-file"
        raise StreamplateError(f"The template keeps no {ANSWERS_FILE}: its projects could not follow it", hint)
    answers: dict[str, Any] = yaml.safe_load((target / ANSWERS_FILE).read_text("utf-8-sig"))
    return answers


def _in_our_words(error: Exception) -> StreamplateError:
    """Copier raises plain `ValueError`s: only their English tells which question was answered wrongly, and how."""
    message = str(error)
    if refused := re.match(r"Validation error for question '(\w+)': (.*)", message, re.DOTALL):
        return UsageProblem(f"{refused[1]}: {' '.join(refused[2].split())}")
    if refused := re.match(r"Invalid choice for '(\w+)': (.*?) is not in \[(.*)\]", message, re.DOTALL):
        choices = [choice.strip("'") for choice in refused[3].split(", ")]
        hint = f"Choose from: {', '.join(choices)}; as in -d {refused[1]}={choices[0]}"
        return UsageProblem(f"{refused[1]}: {refused[2]} is not one of its choices", hint)
    if refused := re.match(r"Invalid choice for '(\w+)': (.*)", message, re.DOTALL):
        return UsageProblem(f"{refused[1]}: {refused[2]}")
    if open_question := re.match(r'Question "(\w+)" is required', message):
        return UsageProblem(f"{open_question[1]} has no default", f"Answer it: -d {open_question[1]}=…")
    return StreamplateError(f"The template could not be rendered: {message}")
