"""What a deployed agent does before its first request, and what its first run then need not do."""

import asyncio
import json
import logging
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from travel_desk import warm_up as module
from travel_desk.main import app
from travel_desk.warm_up import warm_up

from local_model.server import LocalModel

HERE = {*sys.stdlib_module_names, "anyio"}
"""What costs little, or the server has imported already."""

FIRST_RUN = """
import asyncio, json, sys
from travel_desk.conversation.history import Prompt, Question
from travel_desk.main import app
from travel_desk.warm_up import warm_up

async def main():
    runtime = app.state.runtime
    await warm_up(runtime)
    before = set(sys.modules)
    prompt = Prompt("Be brief.", (Question("Hello"),), ())
    told = [part async for part in runtime.answer(prompt, runtime.model, runtime.settings)]
    return {"parts": len(told), "imports": sorted(set(sys.modules) - before)}

print(json.dumps(asyncio.run(main())))
"""


def test_the_first_run_of_a_process_imports_nothing_more(local_model: LocalModel) -> None:
    done = subprocess.run([sys.executable, "-c", FIRST_RUN], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert seen["parts"] > 0
    assert len([name for name in seen["imports"] if name.partition(".")[0] not in HERE]) <= 3, seen["imports"]
    assert "ERROR" not in done.stderr and "WARNING" not in done.stderr


def test_no_model_is_asked(local_model: LocalModel, caplog: pytest.LogCaptureFixture) -> None:
    asyncio.run(warm_up(app.state.runtime))
    assert local_model.requests == []
    assert caplog.records == []
    assert logging.root.manager.disable == logging.NOTSET


async def failing(*_: object) -> Any:
    raise LookupError("no such prompt")
    yield


async def waiting(*_: object) -> Any:
    await asyncio.Event().wait()
    yield


@pytest.mark.parametrize(("answer", "said"), [(failing, "no such prompt"), (waiting, "TimeoutError")])
def test_an_agent_that_never_asks_its_model_starts_and_is_told_of(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, answer: Any, said: str
) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.1)
    runtime = replace(app.state.runtime, model=None, answer=answer)
    asyncio.run(asyncio.wait_for(warm_up(runtime), 10))
    (record,) = caplog.records
    assert said in record.getMessage()
