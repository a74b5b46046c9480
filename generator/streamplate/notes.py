"""What each release of the template asks of the people who update to it: `template/releases/vX.Y.Z.yml`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from streamplate.errors import StreamplateError
from streamplate.other_template import version_of
from streamplate.template import Template


@dataclass(frozen=True)
class Notes:
    """One release. Paths are those of a rendered project, `*` standing for one folder or file name."""

    release: str
    summary: str = ""
    breaking: list[str] = field(default_factory=list)
    manual: list[str] = field(default_factory=list)
    """Steps that the update cannot take."""
    renames: dict[str, str] = field(default_factory=dict)
    """Files that moved, old path to new: edits follow, however little of the content stayed."""
    removed: list[str] = field(default_factory=list)
    """Files that are gone for good."""
    answers: dict[str, str] = field(default_factory=dict)
    """Questions that changed their name, old key to new."""
    settings: dict[str, str] = field(default_factory=dict)
    """Keys of TOML files that are not read any more, as `deploy.toml:table.key`, and what takes their place."""

    @property
    def features(self) -> list[str]:
        """The parts of the summary, which stand between semicolons."""
        return [part.strip() for part in self.summary.split(";") if part.strip()]


def read(template: Path) -> list[Notes]:
    """The notes of every release up to this unpacked template, oldest first."""
    files = (path for path in (template / "template" / "releases").glob("*.yml") if version_of(path.stem))
    return sorted((_parse(path) for path in files), key=lambda notes: version_of(notes.release))


def listed(template: Template) -> list[Notes]:
    """The notes of every release that a template has, oldest first; bare ones where it wrote none."""
    tags = template.releases()
    if not tags:
        raise StreamplateError(f"{template.address} has no release", "Its projects follow its commits")
    with template.unpacked(tags[-1]) as folders:
        known = {version_of(each.release): each for each in read(folders[tags[-1]])}
    return [replace(known.get(version_of(tag), Notes(tag)), release=tag) for tag in tags]


def crossed(template: Path, old: str, new: str) -> list[Notes]:
    """The notes of the releases after `old`, up to `new`; none where either is no release."""
    before, after = version_of(old), version_of(new)
    if not (before and after):
        return []
    return [notes for notes in read(template) if before < version_of(notes.release) <= after]


def _parse(path: Path) -> Notes:
    import yaml

    try:
        content = yaml.safe_load(path.read_text("utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _refusal(path, " ".join(str(error).split())) from error
    if not isinstance(content, dict):
        raise _refusal(path, "they are no KEY: VALUE lines")
    for key, value in content.items():
        if key not in _FORMS:
            raise _refusal(path, f"{key!r} is none of {', '.join(_FORMS)}")
        form, words = _FORMS[key]
        if not form(value):
            raise _refusal(path, f"{key} is {value!r}, which is no {words}")
    return Notes(release=path.stem, **content)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_pairs(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_text, [*value.keys(), *value.values()]))


_Form = Callable[[Any], bool]
_FORMS: dict[str, tuple[_Form, str]] = {
    "summary": (_is_text, "text"),
    "breaking": (_is_texts, "list of texts"),
    "manual": (_is_texts, "list of texts"),
    "renames": (_is_pairs, "table of texts"),
    "removed": (_is_texts, "list of texts"),
    "answers": (_is_pairs, "table of texts"),
    "settings": (_is_pairs, "table of texts"),
}


def _refusal(path: Path, why: str) -> StreamplateError:
    return StreamplateError(f"The template's notes {path.name} cannot be read: {why}", "Tell the owner of the template")
