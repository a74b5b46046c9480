"""The tools of this agent. The template never changes this file."""

from collections.abc import Callable
from typing import Any

from .sources import search_sources

TOOLS: list[Callable[..., Any]] = [search_sources]
