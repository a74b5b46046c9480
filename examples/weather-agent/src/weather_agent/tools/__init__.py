"""The tools that the agent can call: plain typed functions, whose docstrings are what the model reads."""

from . import (
    own,
    weather,
)
from .toolbox import Tool, distinct, tool

MODULES = [
    weather,
    own,
]

TOOLS: list[Tool] = distinct(tool(function) for module in MODULES for function in module.TOOLS)
