"""The answers file in an update: data that is carried over key by key, not text that is merged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from streamplate import questions
from streamplate.errors import UsageProblem
from streamplate.notes import Notes
from streamplate.project import ANSWERS_FILE, Project
from streamplate.questions import Question
from streamplate.render import recorded
from streamplate.updating.store import Store

OWN_FILES = "own_files"
"""Key of the answers file: files that the template leaves alone while they are there."""


def own_files(found: Project) -> list[str]:
    """Files that are the owner's since the repository was adopted, though the template has some of their names."""
    listed = found.answers.get(OWN_FILES, [])
    return [path for path in listed if isinstance(path, str)] if isinstance(listed, list) else []


def known(answers: Mapping[str, Any], template: Path) -> dict[str, Any]:
    """Those answers that the template asks for; of several choices a list."""
    asked = {question.key: question for question in questions.read(template)}
    return {key: _listed(asked[key], value) for key, value in answers.items() if key in asked}


def _listed(question: Question, value: Any) -> Any:
    if not question.multiple or (isinstance(value, list) and not any(_is_nested(question, item) for item in value)):
        return value
    if isinstance(value, str):
        return questions.typed({question.key: value}, [question])[question.key]
    raise UsageProblem(f"{question.key}: {value!r} is not a list", f"Correct it in {ANSWERS_FILE}, and commit that")


def _is_nested(question: Question, item: Any) -> bool:
    return isinstance(item, list | dict) and question.type not in ("json", "yaml")


def offered(answers: Mapping[str, Any], asked: list[Question]) -> dict[str, Any]:
    """Those answers that are still among the choices there are: the others are to be asked for again."""
    choices = {question.key: question.choices for question in asked if question.choices and not question.multiple}
    return {key: value for key, value in answers.items() if key not in choices or str(value) in choices[key]}


def missing(found: Project, rendered: Mapping[str, Any]) -> list[str]:
    """Questions that the project's own release asked, as `rendered` again shows, and that its file does not answer."""
    return [key for key in rendered if not key.startswith("_") and key not in found.answers]


def refuse_missing(found: Project, lacking: list[str], given: Mapping[str, Any]) -> None:
    """Raise where a default would stand in for what the project was made with: nobody would see the difference."""
    if open_ones := [key for key in lacking if key not in given]:
        hint = "Say what it was: " + " ".join(f"-d {key}=…" for key in open_ones)
        raise UsageProblem(f"{found.root / ANSWERS_FILE} lacks {', '.join(open_ones)}", hint)


def carried(answers: Mapping[str, Any], crossed: list[Notes], template: Path) -> dict[str, Any]:
    """Answers under the keys that the new release has for them."""
    renamed = {before: after for release in crossed for before, after in release.answers.items()}
    return known({renamed.get(key, key): value for key, value in answers.items()}, template)


def followers(asked: list[Question], had: Mapping[str, Any], given: Mapping[str, Any]) -> set[str]:
    """Keys of `had` that may follow from the choices in `given`: who chooses another provider wants its usual model."""
    if not any(
        question.choices for question in asked if question.key in given and given[question.key] != had.get(question.key)
    ):
        return set()
    return {
        question.key for question in asked if question.computed and question.key in had and question.key not in given
    }


def keep_others(found: Project, old: Path, rendered: Path) -> None:
    """Add the keys that the owner put into the file, and that are no questions, to the new file in `rendered`."""
    import yaml

    asked = known(found.answers, old)
    taken = recorded(rendered)
    others = {key: value for key, value in found.answers.items() if key not in asked and key not in taken}
    if others:
        with (rendered / ANSWERS_FILE).open("a", encoding="utf-8") as file:
            file.write(yaml.safe_dump(others, sort_keys=False, allow_unicode=True))


def aligned(store: Store, yours: str, base: str) -> str:
    """Tree `yours` with the answers file of `base`, so that the new release's takes its place without a conflict."""
    changed = store.git("diff-tree", "-z", "--raw", yours, base, "--", ANSWERS_FILE)
    if not changed:
        return yours
    _, mode, _, object_id, *_ = changed.removeprefix(":").split(" ")
    return store.edited(yours, f"{mode} {object_id}\t{ANSWERS_FILE}\0")
