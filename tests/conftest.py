"""What all tests share."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.tiers import QUICK, marks, stale

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

TESTS = Path(__file__).parent
NEED_PLAYWRIGHT = ("browser/test_", "clients/test_signed.py")
WITHOUT_PLAYWRIGHT = find_spec("playwright") is None

# Whatever the tests start finds the commands of this environment, uv above all, as if it had been activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def pytest_configure(config: pytest.Config) -> None:
    """Tests and folders that are named on the command line are run, whatever their tier."""
    if not _whole(config) and config.option.markexpr == QUICK:
        config.option.markexpr = ""


def pytest_report_header() -> list[str]:
    return ["Playwright is not installed: no test of a page in a browser"] if WITHOUT_PLAYWRIGHT else []


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    needs = collection_path.relative_to(TESTS).as_posix().startswith(NEED_PLAYWRIGHT)
    return True if WITHOUT_PLAYWRIGHT and needs else None


def pytest_itemcollected(item: pytest.Item) -> None:
    for mark in marks(_name(item)):
        item.add_marker(mark)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The tables of tests/tiers.py are held to the tests that there are."""
    if _whole(config) and not WITHOUT_PLAYWRIGHT and (unknown := stale([_name(item) for item in items])):
        raise pytest.UsageError(f"tests/tiers.py names what is not there: {', '.join(unknown)}")


def _whole(config: pytest.Config) -> bool:
    return config.args_source is not pytest.Config.ArgsSource.ARGS


def _name(item: pytest.Item) -> str:
    """Its id below tests/."""
    return item.nodeid.removeprefix("tests/")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives the browsers: a process can have only one."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright
