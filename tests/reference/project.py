"""A project that has everything which a page describes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import streamplate

from tests.template.combinations import choices

ANSWERS = {
    "tools": list(choices()["tools"][-1]),
    "structured_output": "model",
    "memory": "agentcore",
    "deployment": ["code-zip", "container"],
    "auth": "jwt",
    "jwt_discovery_url": "https://example.com/.well-known/openid-configuration",
    "jwt_audience": "my-agent",
}


@dataclass(frozen=True)
class Project:
    """Where it is, and its package below `src`."""

    folder: Path

    @property
    def source(self) -> Path:
        return self.folder / "src" / "my_agent"


@contextmanager
def rendered() -> Iterator[Project]:
    """The project, as long as the context is open."""
    with tempfile.TemporaryDirectory() as folder:
        yield Project(streamplate.new(Path(folder, "my-agent"), ANSWERS, git=False).path)
