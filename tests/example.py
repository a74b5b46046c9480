"""The checked-in examples, and an index of others: `python -m tests.example` makes them afresh; tests compare bytes."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import streamplate

from tests.example_index import index

EXAMPLES = Path(__file__).parents[1] / "examples"
INDEX = EXAMPLES / "README.md"
ANSWERS: dict[str, dict[str, object]] = {
    "weather-time-calculator": {
        "description": "An assistant that knows the weather, the time and arithmetic",
        "tools": ["weather", "time", "calculator"],
    },
    "weather-agent": {
        "description": "An agent that other agents ask for the weather, over A2A",
        "protocol": "a2a",
        "tools": ["weather"],
        "clients": ["terminal"],
        "deployment": ["code-zip"],
    },
    "travel-desk": {
        "description": "An assistant that asks another agent for the weather",
        "tools": ["time", "agent"],
        "clients": ["terminal", "web"],
        "deployment": ["code-zip"],
    },
}


def render(name: str, folder: Path) -> Path:
    """Render one example below `folder`, as `streamplate new` would."""
    return streamplate.new(folder / name, {"project_name": name} | ANSWERS[name], git=False).path


def main() -> None:
    """Replace the index, and each example with a fresh render."""
    INDEX.write_text(index(ANSWERS), "utf-8")
    for name in ANSWERS:
        shutil.rmtree(EXAMPLES / name, ignore_errors=True)
        print(render(name, EXAMPLES))


if __name__ == "__main__":
    sys.exit(main())
