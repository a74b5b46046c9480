"""Questions of other templates, kept on this machine: a shell that completes an answer cannot wait for the network."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from streamplate import questionnaire
from streamplate.questions import Question


def questions(address: str, release: str) -> list[Question]:
    """Those of a release of the template at `address`, which is fetched the first time only."""
    file = _folder() / f"{hashlib.sha256(f'{address}@{release}'.encode()).hexdigest()}.json"
    with suppress(OSError, ValueError, TypeError):
        return [Question(**each) for each in json.loads(file.read_bytes())]
    found = questionnaire.written(source=f"{address}@{release}")
    with suppress(OSError, TypeError):
        _write(file, json.dumps([dataclasses.asdict(each) for each in found]))
    return found


def _folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("streamplate", appauthor=False) / "questions"


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(f".{os.getpid()}")
    beside.write_text(text, "utf-8")
    beside.replace(file)
