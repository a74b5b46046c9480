"""Files of a work tree: moved, compared, and the folders that they leave empty."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path


def move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.move(source, target)  # the git directory may be on another file system


def remove_empty(top: Path, folder: Path) -> None:
    with suppress(OSError):
        while folder != top:
            folder.rmdir()
            folder = folder.parent


def digest(file: Path) -> str:
    content = os.fsencode(os.readlink(file)) if file.is_symlink() else file.read_bytes() if file.is_file() else b""
    return f"{'link' if file.is_symlink() else 'file'}:{hashlib.sha256(content).hexdigest()}"
