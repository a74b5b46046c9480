"""The chosen tools, as the local model knows them."""

from ..offline_tool import OfflineTool
from . import (
    agent,
    time,
)

OFFLINE_TOOLS: list[OfflineTool] = [
    time.OFFLINE,
    agent.OFFLINE,
]
