"""The chosen tools, as the local model knows them."""

from ..offline_tool import OfflineTool
from . import (
    weather,
)

OFFLINE_TOOLS: list[OfflineTool] = [
    weather.OFFLINE,
]
