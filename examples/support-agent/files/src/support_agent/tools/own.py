"""The tools of this agent. The template never changes this file."""

from collections.abc import Callable
from typing import Any

from .approval import needs_approval
from .orders import find_order, is_large, refund

TOOLS: list[Callable[..., Any]] = [
    find_order,
    needs_approval("Refund {amount} euros for order {order}?", when=is_large)(refund),
]
