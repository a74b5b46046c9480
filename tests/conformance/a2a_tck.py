"""A2A's compatibility kit against a generated agent, offline: what passes, and what fails for a reason that is known.

    python tests/conformance/a2a_tck.py [CHECKOUT]

It takes three minutes and needs uv. The agent is examples/weather-agent. CHECKOUT is a clone of a2aproject/a2a-tck;
without one, the commit `COMMIT` is fetched. The exit code is 1 if a test fails for a reason that is not in `KNOWN`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

AGENT = Path(__file__).parents[2] / "examples" / "weather-agent"
KIT = "https://github.com/a2aproject/a2a-tck"
COMMIT = "410ba92e1b264df895e1fe6eccfe22db7aeaab06"
CATEGORIES = {"mandatory": "tests/mandatory", "capabilities": "tests/optional/capabilities"}
KNOWN = {
    "did not reach WORKING state": "a SendMessage that waits is to return a task still at work",
    "has ended|test failed on jsonrpc: 'result'": "a task that has ended is to go on, or to be cancelled",
    "Extended Card is not configured": "an extended card, which the card does not declare",
    "exposes sensitive information": "the address of this machine in the card counts as a leak",
    "Invalid status should return error": "an unknown status of ListTasks: the SDK drops it",
    "Binary data should be supported": "application/octet-stream, which the model does not read",
    "Expected text/event-stream": "an error before a stream is to be a stream",
    "positional arguments|'str' object has no attribute": "the test calls a helper of its own wrongly",
}
"""What a failure says, and what the test asks for."""


@contextmanager
def checkout(given: list[str]) -> Iterator[Path]:
    """The kit's files."""
    if given:
        yield Path(given[0]).resolve()
        return
    with tempfile.TemporaryDirectory() as folder:
        for command in (["init", "--quiet"], ["fetch", "--quiet", "--depth", "1", KIT, COMMIT], ["checkout", COMMIT]):
            if subprocess.run(["git", *command], cwd=folder, capture_output=True).returncode:
                sys.exit(f"{KIT} cannot be fetched: give the path of a clone.")
        yield Path(folder)


@contextmanager
def agent() -> Iterator[str]:
    """The agent's address."""
    command = ["uv", "run", "--quiet", "serve", "--offline", "--port", "0"]
    with subprocess.Popen(command, cwd=AGENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            yield next(found[0] for line in server.stdout if (found := re.search(r"http://[\d.]+:\d+", line)))
        finally:
            server.terminate()


def results(kit: Path, tests: str, url: str) -> list[ElementTree.Element]:
    """What pytest reports of each test in a folder of the kit."""
    needed = tomllib.loads((kit / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        options = ["--quiet", f"--sut-url={url}", "--test-scope=all", f"--junitxml={report}"]
        packages = [part for package in needed for part in ("--with", package)]
        command = ["uv", "run", "--isolated", "--no-project", *packages, "python", "-m", "pytest", tests, *options]
        done = subprocess.run(command, cwd=kit, capture_output=True, text=True)
        if not report.exists():
            sys.exit(f"The kit did not run:\n{done.stdout}{done.stderr}")
        return list(ElementTree.parse(report).iter("testcase"))  # noqa: S314 - pytest wrote it


def outcome(test: ElementTree.Element) -> str:
    """In one word."""
    kinds = {"failure": "failed", "error": "failed", "skipped": "skipped"}
    return next((kinds[child.tag] for child in test if child.tag in kinds), "passed")


def reason(test: ElementTree.Element) -> str | None:
    """Why a test fails, where that is known."""
    said = next(child for child in test if child.tag in ("failure", "error")).get("message", "")
    return next((told for pattern, told in KNOWN.items() if re.search(pattern, said)), None)


def main() -> int:
    """Print the tally."""
    failed = []
    with checkout(sys.argv[1:]) as kit, agent() as url:
        for category, tests in CATEGORIES.items():
            told = results(kit, tests, url)
            counts = Counter(map(outcome, told))
            print(f"{category}: {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
            failed += [test for test in told if outcome(test) == "failed"]
    for why, count in Counter(filter(None, map(reason, failed))).most_common():
        print(f"{count:4}  {why}")
    new = [test for test in failed if not reason(test)]
    for test in new:
        print(f" new  {test.get('classname')}.{test.get('name')}")
    return bool(new)


if __name__ == "__main__":
    sys.exit(main())
