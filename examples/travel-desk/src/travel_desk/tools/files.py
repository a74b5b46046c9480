"""Files that tools give to the caller. The caller gets the bytes; the model reads their names, types and sizes."""

import mimetypes
import re
import threading
import unicodedata
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import uuid4

MAX_FILES = 20
MAX_BYTES = 4_000_000
"""Of all files that one run gives."""
MAX_NAME = 100
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
ODD = '<>:"|?*'
UNKNOWN = "application/octet-stream"


@dataclass(frozen=True)
class File:
    """A file; its name is one that it can be saved under in any folder."""

    name: str
    media_type: str
    data: bytes = field(repr=False)
    id: str = field(default_factory=lambda: str(uuid4()))

    def __str__(self) -> str:
        return f"{self.name} ({self.media_type}, {len(self.data):,} bytes)"


def give_file(name: str, data: bytes, media_type: str = "") -> None:
    """Give the caller a file. Its name is cleaned: no folders, no characters that a file system or a reader trips over.

    Without a media type, such as "text/csv", the name's ending says it. Raises `ValueError`, for the model to read,
    where that is none, or where the files of this run are too many or too large; `RuntimeError` in a thread that the
    tool started without a copy of its context (`contextvars.copy_context`).
    """
    clean = clean_name(name)
    guessed, compression = mimetypes.guess_type(clean)
    kind = media_type or (guessed if not compression else None) or UNKNOWN
    if not MEDIA_TYPE.fullmatch(kind):
        raise ValueError(f"The file {clean} has no media type such as text/csv: {kind[:MAX_NAME]!r}.")
    giving.get()(File(clean, kind, bytes(memoryview(data))))


def with_files(result: str, files: Iterable[File]) -> str:
    """What a tool returned, and what it gave, as the model reads it."""
    return "\n".join([result, *(f"The user has the file {file}." for file in files)])


def clean_name(name: str) -> str:
    """The last part of a path, 1 to 100 characters of it with its ending; `_` for what no file's name should have."""
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    shown = "".join("_" if is_odd(each) else each for each in last)
    stem, dot, ending = shown.strip(" .").rpartition(".")
    if not stem or len(ending) > MAX_NAME // 4:
        stem, dot, ending = shown.strip(" ."), "", ""
    return f"{stem[: MAX_NAME - len(dot + ending)]}{dot}{ending}".strip() or "file"


def is_odd(character: str) -> bool:
    """Whether it controls a terminal, ends a line, or is none that every file system takes."""
    kind = unicodedata.category(character)
    return kind[0] == "C" or kind in ("Zl", "Zp") or character in ODD


class Files:
    """The files that the calls of one run give, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = self._bytes = 0
        self._given: dict[str, list[File]] = {}

    def add(self, call_id: str, file: File) -> None:
        """Keep a file of a call. Raises `ValueError` where it is more than a run may give."""
        with self._lock:
            if self._count >= MAX_FILES:
                raise ValueError(f"The file {file} is one too many: a run may give {MAX_FILES}.")
            if self._bytes + len(file.data) > MAX_BYTES:
                raise ValueError(f"The file {file} is too large: all files of a run may have {MAX_BYTES:,} bytes.")
            self._count += 1
            self._bytes += len(file.data)
            self._given.setdefault(call_id, []).append(file)

    def of(self, call_id: str) -> list[File]:
        """Those of a call, once."""
        with self._lock:
            return self._given.pop(call_id, [])


def _to_nobody(_file: File) -> None:
    """A tool that is called by itself, as in a test, gives its files to nobody. A thread of a tool must not."""
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("This thread belongs to no tool call: run it in `contextvars.copy_context()` of the call.")


giving: ContextVar[Callable[[File], None]] = ContextVar("giving", default=_to_nobody)
"""Takes the files of the call that goes on."""
