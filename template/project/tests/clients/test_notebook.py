"""The tutorial, run from top to bottom as Jupyter runs it."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from ag_ui.core import (
    Interrupt,
    RunFinishedEvent,
    RunFinishedInterruptOutcome,
    SubagentStartedEvent,
    TextMessageContentEvent,
    ToolCallResultEvent,
    ToolCallStartEvent,
)
from nbclient import NotebookClient

from clients import notebook

TUTORIAL = Path(notebook.__file__).parent / "tutorial.ipynb"


class Reader(NotebookClient):  # type: ignore[misc]
    """Runs a notebook, and keeps every picture of what it shows."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.pictures: dict[str, list[str]] = {}

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """Take one message of the kernel in."""
        if msg["msg_type"] == "update_display_data":
            name = msg["content"]["transient"]["display_id"]
            self.pictures.setdefault(name, []).append(msg["content"]["data"]["text/markdown"])
        return super().process_message(msg, cell, cell_index)


@pytest.fixture(scope="module")
def reader() -> Reader:
    """The notebook, after it ran; an error in it is an error here."""
    reader = Reader(nbformat.read(TUTORIAL, as_version=4), timeout=60, kernel_name="python3")
    reader.execute()
    return reader


def printed(reader: Reader) -> str:
    outputs = [output for cell in reader.nb.cells for output in cell.get("outputs", [])]
    return "".join(output.text for output in outputs if output.output_type == "stream")


def test_answers_grow(reader: Reader) -> None:
    pictures = max(reader.pictures.values(), key=len)
    assert len(pictures) > 5
    assert all(after.startswith(before) for before, after in pairwise(pictures))


def test_it_shows_what_it_tells_of(reader: Reader) -> None:
    shown = "\n".join(pictures[-1] for pictures in reader.pictures.values())
    assert "59 60" in shown
    assert "What can you do?" in shown
    assert "This is your first question." in shown
    assert '"type":"RUN_FINISHED"' in printed(reader)
    assert "invalid_prompt: " in printed(reader)


def test_it_is_kept_without_output() -> None:
    cells = nbformat.read(TUTORIAL, as_version=4).cells
    assert [cell.outputs for cell in cells if cell.cell_type == "code" and cell.outputs] == []


def test_what_another_agent_says_is_shown_while_it_says_it() -> None:
    turn = notebook._Turn()
    turn.follow(ToolCallStartEvent(tool_call_id="c", tool_call_name="ask_guide"))
    turn.follow(SubagentStartedEvent(subagent_run_id="r", name="guide", parent_tool_call_id="c"))
    turn.follow(TextMessageContentEvent(message_id="m", delta="I can guide.", subagent_run_id="r"))
    assert turn.picture.endswith('> `ask_guide` … "I can guide."') and turn.text == ""
    turn.follow(ToolCallResultEvent(message_id="t", tool_call_id="c", content="I can guide."))
    assert turn.picture == turn.text.rstrip("\n") and turn.text.count("I can guide.") == 1


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://allow.example/it?a=b", "> ? Allow it: <https://allow.example/it?a=b>\n\n"),
        ("javascript:alert(1)", "do not open it"),
    ],
)
def test_a_page_to_open_is_a_link(address: str, shown: str) -> None:
    asked = Interrupt(id="i", reason="authorization_required", message=f"Allow it: {address}")
    asked.metadata = {"authorizationUrl": address}
    turn = notebook._Turn()
    turn.follow(RunFinishedEvent(thread_id="t", run_id="r", outcome=RunFinishedInterruptOutcome(interrupts=[asked])))
    assert shown in turn.text and "<javascript" not in turn.text


def test_the_result_is_shown() -> None:
    turn = notebook._Turn()
    turn.follow(RunFinishedEvent(thread_id="t", run_id="r", result={"summary": "so"}))
    assert turn.text == '```json\n{\n  "summary": "so"\n}\n```\n\n'
