"""The examples are what the tool generates, to the byte."""

import subprocess
from pathlib import Path

import pytest

from tests.example import ANSWERS, EXAMPLES, render


@pytest.mark.parametrize("name", ANSWERS)
def test_an_example_equals_a_fresh_render(name: str, tmp_path: Path) -> None:
    fresh = render(name, tmp_path)

    assert contents(EXAMPLES / name, tracked(EXAMPLES / name)) == contents(fresh, files(fresh)), (
        "the example differs from the template: run `python -m tests.example` and commit the result"
    )


def tracked(folder: Path) -> list[str]:
    """What git knows of it: a virtual environment or a cache beside the files does not count."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.check_output(listing, cwd=folder, text=True).split("\0")
    return sorted(name for name in names if name and (folder / name).exists())


def files(folder: Path) -> list[str]:
    """Every file below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def contents(folder: Path, names: list[str]) -> dict[str, bytes]:
    """The files of a project by name."""
    return {name: (folder / name).read_bytes() for name in names}
