"""Files that tools give: the caller gets the bytes, and the model reads what they are."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest
from websockets.sync.client import connect

from travel_desk.tools import files
from travel_desk.tools.files import MAX_BYTES, clean_name, give_file

from .agent_client import EVENT, AgentClient, Answer, assert_well_formed
from local_model.server import LocalModel


def hand_over(**arguments: Any) -> str:
    """A question for which the local model calls the tool."""
    return f"call hand_over {json.dumps(arguments)}"


def content(size: int) -> bytes:
    """What the tool gives."""
    return bytes(each % 256 for each in range(size))


def data_of(event: Any) -> bytes:
    """The bytes of a file."""
    return base64.b64decode("".join(event.content["data"]))


def given(answer: Answer) -> list[tuple[str, str, bytes]]:
    """The files of an answer: name, media type, bytes."""
    events = [event for event in answer.of("ACTIVITY_SNAPSHOT") if event.activity_type == "file"]
    return [(event.content["name"], event.content["mediaType"], data_of(event)) for event in events]


def test_the_caller_gets_the_file_and_the_model_reads_what_it_is(agent: AgentClient, local_model: LocalModel) -> None:
    answer = agent.ask(hand_over(name="report.csv", size=3000))

    assert_well_formed(answer)
    assert given(answer) == [("report.csv", "text/csv", content(3000))]
    (event,), (result,) = answer.of("ACTIVITY_SNAPSHOT"), answer.of("TOOL_CALL_RESULT")
    assert event.content["toolCallId"] == result.tool_call_id and event.content["size"] == 3000
    assert result.content == "handed over\nThe user has the file report.csv (text/csv, 3,000 bytes)."
    assert answer.types.index("ACTIVITY_SNAPSHOT") < answer.types.index("TOOL_CALL_RESULT")
    assert "report.csv (text/csv, 3,000 bytes)" in str(local_model.requests[-1].conversation.messages[-1])


def test_the_history_names_the_file_and_does_not_hold_it(agent: AgentClient) -> None:
    answer = agent.ask(hand_over(name="big.bin", size=300_000), "holds-no-files")
    told = agent.run({"history": True}, "holds-no-files")

    (result,) = [message for message in told.of("MESSAGES_SNAPSHOT")[0].messages if message.role == "tool"]
    file = {"id": answer.of("ACTIVITY_SNAPSHOT")[0].message_id, "name": "big.bin"}
    assert result.metadata == {"files": [file | {"mediaType": "application/octet-stream", "size": 300_000}]}
    assert answer.of("TOOL_CALL_RESULT")[0].metadata == result.metadata
    assert len(told.of("MESSAGES_SNAPSHOT")[0].model_dump_json()) < 5000
    assert agent.ask("What did I ask before?", "holds-no-files").text


def test_a_run_that_is_followed_gives_the_file_again(agent: AgentClient) -> None:
    answer = agent.ask(hand_over(name="a.bin", size=1000), "followed-files")
    run = answer.events[0].run_id

    assert given(agent.run({"follow": {"runId": run}}, "followed-files")) == given(answer)


def test_a_client_that_sends_everything_back_sends_no_files(agent: AgentClient) -> None:
    """AG-UI's own client keeps activities out of what it sends; one that does not is understood too."""
    answer = agent.ask(hand_over(name="a.bin"), "sent-back")
    told = agent.run({"history": True}, "sent-back").of("MESSAGES_SNAPSHOT")[0].messages
    (file,) = answer.of("ACTIVITY_SNAPSHOT")
    activity = {"id": file.message_id, "role": "activity", "activityType": "file", "content": file.content}
    sent = [message.model_dump(by_alias=True) for message in told]
    question = {"id": "next", "role": "user", "content": "What was my first question?"}

    answer = agent.run({"threadId": "sent-back", "runId": "r", "messages": [*sent, activity, question]})

    assert answer.types[-1] == "RUN_FINISHED" and "hand_over" in answer.text


def test_a_file_comes_with_the_question_about_it(agent: AgentClient) -> None:
    answer = agent.ask('call show_draft {"question": "Shall I keep it?"}', "draft")
    assert given(answer) == [("draft.txt", "text/plain", b"a draft")] and answer.outcome.type == "interrupt"

    (asked,) = answer.outcome.interrupts
    resumed = agent.run(
        {"resume": [{"interruptId": asked.id, "status": "resolved", "payload": {"answer": "yes"}}]}, "draft"
    )
    assert resumed.outcome.type == "success" and given(resumed) == []


def test_a_file_larger_than_a_frame_comes_in_pieces(agent_url: str, local_model: LocalModel) -> None:
    events, pieces = [], []
    with connect(f"{agent_url.replace('http', 'ws')}/ws", proxy=None) as socket:
        socket.send(json.dumps({"prompt": hand_over(name="big.bin", size=100_001)}))
        while not events or events[-1].type.value not in {"RUN_FINISHED", "RUN_ERROR"}:
            frame = socket.recv(timeout=30)
            assert len(frame if isinstance(frame, bytes) else frame.encode()) <= 32_768
            events.append(EVENT.validate_json(frame))
    (file,) = [event for event in events if event.type.value == "ACTIVITY_SNAPSHOT"]
    for event in events:
        if event.type.value == "ACTIVITY_DELTA":
            assert (event.message_id, event.activity_type) == (file.message_id, "file")
            (operation,) = event.patch
            assert (operation.op, operation.path) == ("add", "/data/-")
            pieces.append(base64.b64decode(operation.value, validate=True))

    assert file.content["data"] == [] and b"".join(pieces) == content(100_001)
    assert events[-1].type.value == "RUN_FINISHED"


@pytest.mark.parametrize(
    ("arguments", "said", "kept"),
    [
        ({"size": MAX_BYTES + 1}, f"is too large: all files of a run may have {MAX_BYTES:,} bytes", 0),
        ({"count": files.MAX_FILES + 1}, f"is one too many: a run may give {files.MAX_FILES}", files.MAX_FILES),
        ({"media_type": "excel"}, "has no media type such as text/csv: 'excel'", 0),
    ],
)
def test_what_cannot_be_given_is_an_error_for_the_model(
    agent: AgentClient, arguments: dict[str, Any], said: str, kept: int
) -> None:
    answer = agent.ask(hand_over(name="a.bin", **arguments))

    assert answer.of("TOOL_CALL_RESULT")[0].content.startswith("Error: ")
    assert said in answer.of("TOOL_CALL_RESULT")[0].content
    assert len(given(answer)) == kept and answer.outcome.type == "success"


def test_the_largest_files_can_be_given(agent: AgentClient) -> None:
    ((_, _, data),) = given(agent.ask(hand_over(name="a.bin", size=MAX_BYTES)))
    assert len(data) == MAX_BYTES


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("report.csv", "report.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\a b.txt", "a b.txt"),
        ("folder/", "folder"),
        ("", "file"),
        ("...", "file"),
        (" .bashrc", "bashrc"),
        ("a\nb\x00c\x1b[2J.txt", "a_b_c_[2J.txt"),
        ("invoice\u202etxt.exe", "invoice_txt.exe"),
        ('<a>:"|?*.md', "_a______.md"),
        ("Größe und Maß.pdf", "Größe und Maß.pdf"),
        ("x" * 500 + ".tar", "x" * 96 + ".tar"),
        ("x." + "y" * 500, "x." + "y" * 98),
        ("\ud800.txt", "_.txt"),
    ],
)
def test_a_name_is_one_that_can_be_saved_under_anywhere(name: str, clean: str) -> None:
    assert clean_name(name) == clean
    assert clean_name(clean) == clean


def test_a_tool_can_be_called_without_a_run() -> None:
    give_file("a.txt", b"text")


def test_a_thread_of_a_tool_needs_the_context_of_its_call() -> None:
    with ThreadPoolExecutor() as threads:
        with pytest.raises(RuntimeError, match="copy_context"):
            threads.submit(give_file, "a.txt", b"text").result()
        given = files.Files()
        files.giving.set(lambda file: given.add("call", file))
        threads.submit(copy_context().run, give_file, "a.txt", b"text").result()
    assert [file.name for file in given.of("call")] == ["a.txt"]


@pytest.mark.parametrize("data", ["text", 5])
def test_text_and_numbers_are_no_file(data: Any) -> None:
    with pytest.raises(TypeError):
        give_file("a.txt", data)


def test_a_compressed_file_has_not_the_type_of_what_is_in_it() -> None:
    given = files.Files()
    files.giving.set(lambda file: given.add("call", file))
    give_file("a.csv.gz", b"x")
    assert [file.media_type for file in given.of("call")] == ["application/octet-stream"]


def test_the_calls_of_a_run_share_its_limits_and_keep_their_files_apart() -> None:
    given = files.Files()
    for call in ("one", "other"):
        files.giving.set(lambda file, call=call: given.add(call, file))  # type: ignore[misc]
        give_file(f"{call}.bin", bytes(MAX_BYTES // 2))

    with pytest.raises(ValueError, match="too large"):
        give_file("more.bin", b"x")
    assert [file.name for file in given.of("one")] == ["one.bin"] and given.of("one") == []
