"""The tools that the agent can call: plain typed functions, whose docstrings are what the model reads."""

from collections.abc import Callable
from typing import Any

from .calculator import calculator
from .readable import readable
from .time import get_time
from .weather import get_weather

# Your own go here too: a function with type hints and a docstring, in a module beside this one.
FUNCTIONS: list[Callable[..., Any]] = [
    get_weather,
    get_time,
    calculator,
]

TOOLS = [readable(function) for function in FUNCTIONS]
