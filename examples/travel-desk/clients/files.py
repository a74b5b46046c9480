"""Files that the agent gives: of its events, and saved under names that harm nobody."""

import base64
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

ACTIVITY = "file"
"""The type of the activities that are files."""
LONGEST = 100  # characters of a name


@dataclass(frozen=True)
class File:
    """A file, and what the agent says of it."""

    name: str
    media_type: str
    data: bytes = field(repr=False)

    def __str__(self) -> str:
        return f"{clean_name(self.name)} ({clean_name(self.media_type, '')}, {len(self.data):,} bytes)"

    def save(self, folder: str | Path) -> Path:
        """Write it into the folder, which is made; never over another file, nor outside of the folder."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        name = Path(clean_name(self.name))
        for number in count(1):
            path = Path(folder) / (name if number == 1 else f"{name.stem} ({number}){name.suffix}")
            try:
                with path.open("xb") as file:
                    file.write(self.data)
                return path
            except FileExistsError:
                pass
        raise AssertionError


def file_of(content: Mapping[str, Any]) -> File:
    """The file in an activity's content. Raises `ValueError` for what is none."""
    try:
        data = b"".join(base64.b64decode(piece, validate=True) for piece in content["data"])
        return File(str(content["name"]), str(content["mediaType"]), data)
    except (KeyError, TypeError) as error:
        raise ValueError(f"This is no file: {error}") from error


def clean_name(name: str, folders: str = r"[/\\]") -> str:
    """The name without folders and odd characters, which might be commands for a terminal or a file system."""
    last = re.split(folders, name)[-1] if folders else name
    shown = "".join("_" if unicodedata.category(each)[0] == "C" or each in '<>:"|?*' else each for each in last)
    return shown.strip(" .")[-LONGEST:].strip(" .") or "file"
