"""The chosen tools, as the local model knows them."""

from ..offline_tool import OfflineTool
from . import (
    calculator,
    time,
    weather,
)

OFFLINE_TOOLS: list[OfflineTool] = [
    weather.OFFLINE,
    time.OFFLINE,
    calculator.OFFLINE,
]
