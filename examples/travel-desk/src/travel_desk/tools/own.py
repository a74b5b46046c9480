"""Your own tools. The template never changes this file.

A tool is a function with type hints and a docstring, which the model reads. What a caller got wrong is a `ValueError`.
"""

from collections.abc import Callable
from typing import Any

TOOLS: list[Callable[..., Any]] = []
