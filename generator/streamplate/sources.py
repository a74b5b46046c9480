"""Which template a project follows: ours, or the one that its answers name, once its user trusts that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock

from streamplate import addresses, other_template, project, trust
from streamplate.errors import OtherTemplate, StreamplateError
from streamplate.our_template import OURS
from streamplate.project import ANSWERS_FILE, Project
from streamplate.redaction import holds_secret
from streamplate.template import SOURCE, Template
from streamplate.toolchain import quoted

Choose = Callable[[Project], Template]
"""The template that a project follows; raises `OtherTemplate` where that is not trusted."""

Say = Callable[[str], None]


def silent(text: str) -> None:
    """Say nothing."""


@contextmanager
def opened(source: str = "", *, trusted: bool = False, say: Say = silent) -> Iterator[Choose]:
    """The templates of projects, each fetched once: of all of them `source`, the `URL[@ref]` of one, if it is given.

    `trusted` stands for the user's list: they may be followed, and run code of their own.
    """
    if source:
        with named(source, trusted=trusted, say=say) as template:
            yield lambda found: template
        return
    with ExitStack() as stack:
        yield _Sources(stack, trusted, say)


@contextmanager
def named(source: str, *, trusted: bool = False, say: Say = silent) -> Iterator[Template]:
    """The template at `URL[@ref]`; ours, where that is its address, or none is given."""
    if not source or addresses.same(source, SOURCE):
        yield OURS
        return
    with other_template.opened(source, trusted=trusted, say=say) as template:
        yield template


class _Sources:
    def __init__(self, stack: ExitStack, trusted: bool, say: Say) -> None:
        self._stack, self._trusted, self._say = stack, trusted, say
        self._opened: dict[str, Template] = {}
        self._lock = Lock()

    def __call__(self, found: Project) -> Template:
        if found.source == SOURCE:
            return OURS
        refuse_secret(found) if self._trusted else refuse_untrusted(found)
        address = addresses.plain(found.source)
        with self._lock:
            if address not in self._opened:
                context = other_template.opened(found.source, trusted=True, say=self._say)
                self._opened[address] = self._stack.enter_context(context)
            return self._opened[address]


def refuse_secret(found: Project) -> None:
    """Raise `StreamplateError` where a project records an address with a password in it."""
    if holds_secret(addresses.in_full(found.source)):
        hint = f"Make it invalid, then: streamplate source ADDRESS {quoted(str(found.root))}, the address without it"
        raise StreamplateError(f"{found.root / ANSWERS_FILE} holds a password: {found.source}", hint)


def refuse_untrusted(found: Project) -> None:
    """Raise `OtherTemplate` where the user did not say that the template of a project may be followed."""
    refuse_secret(found)
    if not trust.allows(found.source):
        hint = f"If you trust it, which may run code of its own: streamplate trust {found.source}"
        raise OtherTemplate(f"{found.root} was made from another template, {found.source}", hint)


def around(folder: str | Path = ".") -> Project | None:
    """The project of another template that `folder` is, or is in; of ours nothing needs to be known."""
    try:
        found = project.load(Path(folder))
    except StreamplateError:
        return None
    return found if found.source != SOURCE else None
