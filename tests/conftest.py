"""What all tests share."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

# Whatever the tests start finds the commands of this environment, uv above all, as if it had been activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def pytest_xdist_auto_num_workers() -> int:
    """Three for every two cores: half of an end-to-end test's time is waiting."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives the browsers: a process can have only one."""
    with sync_playwright() as playwright:
        yield playwright
