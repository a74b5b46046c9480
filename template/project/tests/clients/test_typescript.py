"""The TypeScript client: type-checked, built, and run by Node.js against the served agent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from . import node
from local_model.server import LocalModel

FOLDER = Path(__file__).parents[2] / "clients" / "typescript"


@pytest.fixture(scope="module")
def built() -> Path:
    """Its folder, installed, type-checked and built."""
    node.install(FOLDER)
    node.npm(FOLDER, "run", "build")
    return FOLDER


@pytest.mark.usefixtures("local_model")
def test_its_own_tests_pass(built: Path, agent_url: str) -> None:
    node.npm(built, "test", AGENT_URL=f"{agent_url}/invocations")


def ask(built: Path, agent_url: str, question: str) -> subprocess.CompletedProcess[str]:
    """A question, asked without a terminal."""
    command = ["node", "dist/ask.js", "--url", f"{agent_url}/invocations", question]
    return subprocess.run(command, cwd=built, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://allow.example/it", "? Allow it here:\n  https://allow.example/it\n"),
        ("https://allow.example@evil.example/", "do not open it"),
    ],
)
@pytest.mark.usefixtures("local_model")
def test_a_page_to_open_is_told_in_full(built: Path, agent_url: str, address: str, told: str) -> None:
    done = ask(built, agent_url, f'call account {{"name": "Ada", "address": "{address}"}}')
    assert (done.returncode, told in done.stderr) == (1, True), done.stderr
    assert "The agent waits for an answer: ask in a terminal." in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
@pytest.mark.usefixtures("local_model")
def test_what_is_asked_is_answered_in_a_terminal(built: Path, agent_url: str, allowed: set[str]) -> None:
    import pty

    main, side = pty.openpty()
    question = 'call account {"name": "Ada"} and call choose {"question": "Which?"}'
    command = ["node", "dist/ask.js", "--url", f"{agent_url}/invocations", question]
    client = subprocess.Popen(command, cwd=built, stdin=side, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert client.stderr
    said = b""
    for until, answer in ((b"[n]o: ", b"y\n"), (b"choice: ", b"blue\n")):
        while until not in said:
            said += client.stderr.read(1)
        allowed.add("Ada")
        said = b""
        os.write(main, answer)
    out, _ = client.communicate(timeout=60)
    os.close(main), os.close(side)
    assert client.returncode == 0 and "the account of Ada" in out.decode() and "blue" in out.decode()


def test_a_tool_call_is_told(built: Path, agent_url: str, local_model: LocalModel) -> None:
    done = ask(built, agent_url, 'call sleepy {"seconds": 0.1}')
    assert (done.returncode, done.stderr) == (0, '· sleepy({"seconds":0.1})\n')
    assert "slept 0.1 s" in done.stdout
