"""Clients that know nothing of the template, used as their own documentation says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.browser import node
from tests.browser.agents import Served
from tests.deployment.projects import render

HTTP_AGENT = """
import { HttpAgent } from "@ag-ui/client";
const agent = new HttpAgent({ url: process.argv[2] });
const times = [];
for (const content of ["My colour is green", "What is 37*12+5?", "What was my first question?", "Count to 30"]) {
  agent.addMessage({ id: crypto.randomUUID(), role: "user", content });
  times.length = 0;
  await agent.runAgent({}, { onTextMessageContentEvent: () => void times.push(performance.now()) });
}
console.log(JSON.stringify({ messages: agent.messages, spread: times.at(-1) - times[0] }));
"""


def test_ag_uis_http_agent_keeps_the_conversation(typescript: Path, agent: Served) -> None:
    (typescript / "unchanged.mjs").write_text(HTTP_AGENT)
    code, out, err = node.run(typescript, "unchanged.mjs", f"{agent.url}/invocations")
    assert (code, err) == (0, "")
    told = json.loads(out)
    messages = told["messages"]
    assert [message["content"] for message in messages if message["role"] == "tool"] == ["449"]
    (call,) = [call for message in messages for call in message.get("toolCalls", [])]
    assert call["function"] == {"name": "calculator", "arguments": '{"expression": "37*12+5"}'}
    assert "My colour is green" in messages[-3]["content"]
    assert messages[-1]["content"] == " ".join(map(str, range(1, 31)))
    assert told["spread"] > 200, "the deltas came in one burst"


@pytest.mark.parametrize("protocol", ["http", "ag-ui"])
def test_the_readmes_curl_shows_events_as_they_happen(protocol: str, agent: Served, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    readme = (render(tmp_path / "my-agent", protocol=protocol) / "README.md").read_text()
    snippet = re.search(r"^curl -N .*?^```", readme, re.DOTALL | re.MULTILINE)
    assert snippet is not None
    command = snippet[0].removesuffix("```").replace("http://127.0.0.1:8080", agent.url)
    with subprocess.Popen(["bash", "-c", f"exec {command}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as curl:
        assert curl.stdout is not None
        lines = [(line, time.monotonic()) for line in curl.stdout if line.startswith(b"data: ")]
    events = [json.loads(line.removeprefix(b"data: ")) for line, _ in lines]
    assert [events[0]["type"], events[-1]["type"]] == ["RUN_STARTED", "RUN_FINISHED"]
    assert lines[-1][1] - lines[0][1] > 0.2, "the events came in one burst"
