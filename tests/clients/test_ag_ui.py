"""AG-UI's own JavaScript client, unchanged: a two-way conversation with the agent of every framework."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.browser import node
from tests.browser.agents import make, serve
from tests.end_to_end.cell import few_cells

CONVERSATION = Path(__file__).parent / "ag_ui"


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The conversation's folder, with the client installed."""
    folder = tmp_path_factory.mktemp("client") / "ag_ui"
    shutil.copytree(CONVERSATION, folder)
    node.install(folder, tmp_path_factory)
    return folder


@pytest.mark.parametrize(("framework", "provider"), few_cells())
def test_the_client_is_in_conversation_with(
    framework: str, provider: str, client: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"framework": framework, "model_provider": provider, "clients": [], "deployment": []}
    project = make(tmp_path / "my-agent", tools=["calculator"], **answers)
    with serve(project) as agent:
        monkeypatch.setenv("AGENT_URL", agent.url)
        code, out, err = node.run(client, "--test", "conversation.test.mjs")
    assert (code, err) == (0, ""), out
