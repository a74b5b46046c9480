"""The checked-in examples: `python -m tests.example` renders them afresh, and a test compares every byte."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import streamplate

EXAMPLES = Path(__file__).parents[1] / "examples"
ANSWERS: dict[str, dict[str, object]] = {
    "weather-time-calculator": {
        "description": "An assistant that knows the weather, the time and arithmetic",
        "tools": ["weather", "time", "calculator"],
    }
}


def render(name: str, folder: Path) -> Path:
    """Render one example below `folder`, as `streamplate new` would."""
    return streamplate.new(folder / name, {"project_name": name} | ANSWERS[name], git=False).path


def main() -> None:
    """Replace each example with a fresh render."""
    for name in ANSWERS:
        shutil.rmtree(EXAMPLES / name, ignore_errors=True)
        print(render(name, EXAMPLES))


if __name__ == "__main__":
    sys.exit(main())
