"""Render a template into a folder: Copier's public `run_copy`, and its errors in our words."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamplate import plain, template
from streamplate.errors import StreamplateError, UsageProblem
from streamplate.project import ANSWERS_FILE
from streamplate.template import SOURCE

Render = Callable[..., dict[str, Any]]
"""`(template, target, answers, *, tag, ask)`, as `render` has it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """A template to make a project of: release `tag`, unpacked in `folder`."""

    folder: Path
    tag: str
    render: Render


@contextmanager
def ours(release: str) -> Iterator[Source]:
    """A release of our own template; the newest where none is named."""
    tag = template.tag(release)
    with template.unpacked(tag) as folder:
        yield Source(folder, tag, render)


def render(template: Path, target: Path, answers: Mapping[str, Any], *, tag: str, ask: bool) -> dict[str, Any]:
    """Render release `tag`, unpacked in `template`, into `target`, and return every answer it recorded.

    `ask` prompts for what `answers` leaves open; otherwise the defaults fill it.
    """
    # Out of git's sight Copier renders the plain folder: with git it starts a process for every file it writes.
    data = {**answers, "_src_path": SOURCE, "_commit": tag}
    return _copied(str(template), target, {"PATH": ""}, data=data, defaults=not ask)


def foreign_render(
    url: str, mirror: Path, target: Path, answers: Mapping[str, Any], *, tag: str, ask: bool, trust: bool
) -> dict[str, Any]:
    """Render `tag` of the template at `url`, found in its `mirror` on this machine, as plain Copier does."""
    redirect = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{mirror}.insteadOf",
        "GIT_CONFIG_VALUE_0": url,
    }
    return _copied(url, target, redirect, data=dict(answers), defaults=not ask, vcs_ref=tag, unsafe=trust)


def _copied(source: str, target: Path, environment: Mapping[str, str], **options: Any) -> dict[str, Any]:
    import copier
    from copier.errors import CopierError, InteractiveSessionError
    from jinja2 import TemplateError
    from plumbum import local

    started = time.monotonic()
    asked = plain.prompts() if plain.is_dumb() and not options["defaults"] else nullcontext()
    try:
        with local.env(**environment), asked:
            copier.run_copy(source, target, quiet=True, settings=copier.Settings(), **options)
    except (KeyboardInterrupt, InteractiveSessionError) as error:
        raise StreamplateError("Interrupted: nothing was written") from error
    except (CopierError, TemplateError, ValueError, TypeError) as error:
        raise _in_our_words(error) from error
    _log.debug("copier %s → %s, %.0f ms", source, target, 1000 * (time.monotonic() - started))
    return recorded(target)


def recorded(target: Path) -> dict[str, Any]:
    """The answers that a project records, its template's address and release (`_src_path`, `_commit`) among them."""
    import yaml

    if not (target / ANSWERS_FILE).is_file():
        hint = "Add that file to the template: https://copier.readthedocs.io/en/stable/configuring/#the-copier-answersyml-file"
        raise StreamplateError(f"The template keeps no {ANSWERS_FILE}: its projects could not follow it", hint)
    answers: dict[str, Any] = yaml.safe_load((target / ANSWERS_FILE).read_text("utf-8"))
    return answers


def _in_our_words(error: Exception) -> StreamplateError:
    message = str(error)
    if refused := re.match(r"Validation error for question '(\w+)': (.*)", message, re.DOTALL):
        return UsageProblem(f"{refused[1]}: {' '.join(refused[2].split())}")
    if refused := re.match(r"Invalid choice for '(\w+)': (.*?) is not in (.*)", message, re.DOTALL):
        choices = ", ".join(re.findall(r"'([^']*)'", refused[3]))
        return UsageProblem(f"{refused[1]}: {refused[2]} is not one of its choices", f"Choose from: {choices}")
    if refused := re.match(r"Invalid choice for '(\w+)': (.*)", message, re.DOTALL):
        return UsageProblem(f"{refused[1]}: {refused[2]}")
    if open_question := re.match(r'Question "(\w+)" is required', message):
        return UsageProblem(f"{open_question[1]} has no default", f"Answer it: -d {open_question[1]}=…")
    return StreamplateError(f"The template could not be rendered: {message}")
