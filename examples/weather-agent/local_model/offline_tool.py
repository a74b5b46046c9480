"""What the offline run knows of one tool."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.routing import BaseRoute


def _nothing(_base_url: str) -> dict[str, str]:
    return {}


@dataclass(frozen=True)
class OfflineTool:
    """When the local model calls a tool, and what stands in for the services that the tool asks.

    `arguments` gives one dict a call, none when the question does not need the tool. `routes` are served by the local
    server; `environment`, given its base URL, is what points the tool there.
    """

    name: str
    arguments: Callable[[str], list[dict[str, Any]]]
    example: str
    routes: Sequence[BaseRoute] = ()
    environment: Callable[[str], dict[str, str]] = _nothing
