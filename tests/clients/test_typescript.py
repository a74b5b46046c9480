"""The TypeScript client: its types are checked when it is built, and Node.js runs it."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from tests.browser import node
from tests.browser.agents import Served

COUNTED = " ".join(map(str, range(1, 21))) + "\n"


def ask(folder: Path, agent: Served, *arguments: str) -> tuple[int, str, str]:
    return node.run(folder, "dist/ask.js", "--url", f"{agent.url}/invocations", *arguments)


def test_the_answer_is_printed(typescript: Path, agent: Served) -> None:
    assert ask(typescript, agent, "Count to 20") == (0, COUNTED, "")


def test_tool_calls_are_told(typescript: Path, agent: Served) -> None:
    code, out, err = ask(typescript, agent, "What is 37*12+5?")
    assert (code, err) == (0, '· calculator({"expression":"37*12+5"})\n')
    assert "449" in out


def test_a_session_goes_on(typescript: Path, agent: Served) -> None:
    ask(typescript, agent, "--session", "a-session", "My colour is green")
    assert "My colour is green" in ask(typescript, agent, "--session", "a-session", "What did I ask before?")[1]


def test_a_refused_question_is_told(typescript: Path, agent: Served) -> None:
    assert ask(typescript, agent, " ") == (1, "", "`prompt` must be text, and not blank. (invalid_prompt)\n")


def test_an_agent_that_is_not_there_is_told(typescript: Path) -> None:
    code, _, err = node.run(typescript, "dist/ask.js", "--url", "http://127.0.0.1:9/invocations", "Hello")
    assert code == 1
    assert err.count("\n") == 1


def test_text_comes_while_the_agent_answers_and_ctrl_c_stops_it(typescript: Path, agent: Served) -> None:
    command = ["node", "dist/ask.js", "--url", f"{agent.url}/invocations", "Count to 9000"]
    with subprocess.Popen(command, cwd=typescript, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.read(5) == b"1 2 3"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == b"Stopped.\n"
    assert b"9000" not in out


def test_a_deployed_agent_is_asked_with_aws_credentials(typescript: Path, arn: str) -> None:
    code, out, err = node.run(typescript, "dist/ask.js", "--arn", arn, "Count to 20")
    assert (code, out) == (0, COUNTED), err
