"""The pages in docs/reference: `python -m tests.reference` writes them from the code itself; a test compares."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from tests.reference import codes, commands, deploy_toml, events, project, python, questions, settings

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
OF_A_PROJECT = {"settings.md": settings, "deploy-toml.md": deploy_toml, "events.md": events, "codes.md": codes}
OF_THE_COMMAND = {"questions.md": questions, "commands.md": commands, "python.md": python}
NAMES = (*OF_THE_COMMAND, *OF_A_PROJECT)


@cache
def pages() -> dict[str, str]:
    """Each page, by its name."""
    with project.rendered() as agent:
        made = {name: module.page(agent) for name, module in OF_A_PROJECT.items()}
    return {name: module.page() for name, module in OF_THE_COMMAND.items()} | made


def known_codes() -> set[str]:
    """Every code that its page names."""
    return set(re.findall(r"^\| (?:\d+ \| )?`(\w+)` \|", pages()["codes.md"], re.MULTILINE))
