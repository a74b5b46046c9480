"""Sets of answers that go together: `template/presets/NAME.yml`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streamplate.errors import StreamplateError, UsageProblem


@dataclass(frozen=True)
class Preset:
    """Answers to some questions; the others keep their defaults."""

    name: str
    description: str
    answers: dict[str, Any] = field(default_factory=dict)


def read(template: Path) -> dict[str, Preset]:
    """The presets of an unpacked template by their names; releases before 0.5.0 have none."""
    files = sorted((template / "template" / "presets").glob("*.yml"))
    return {path.stem: _parse(path) for path in files}


def answers(template: Path, name: str) -> dict[str, Any]:
    """The answers of preset `name`, none of an empty name; `UsageProblem` where there is no such preset."""
    if not name:
        return {}
    known = read(template)
    if name not in known:
        raise UsageProblem(f"There is no preset {name}", f"The presets are: {', '.join(known) or 'none here'}")
    return known[name].answers


def _parse(path: Path) -> Preset:
    import yaml

    try:
        return Preset(path.stem, **yaml.safe_load(path.read_text("utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError, TypeError) as error:
        raise StreamplateError(f"The preset {path.stem} cannot be read: {' '.join(str(error).split())}") from error
