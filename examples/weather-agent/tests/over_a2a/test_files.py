"""Files that tools give, as other agents get them: each an artifact of the task."""

from typing import Any

from a2a.client import Client
from a2a.types import Artifact, GetTaskRequest, SubscribeToTaskRequest

from weather_agent.over_a2a.card import card

from .peer import Told, ask, meet, message, tell
from local_model.server import LocalModel

HAND_OVER = 'call hand_over {"name": "chart.png", "size": 300}'
PNG = bytes(each % 256 for each in range(300))


def file(artifact: Artifact) -> tuple[str, str, str, bytes]:
    """What an artifact has."""
    (part,) = artifact.parts
    return artifact.name, part.filename, part.media_type, part.raw


def files(told: Told) -> list[Artifact]:
    """Those that came while the task went on, or were there before."""
    updates = [each.artifact_update for each in told.responses if each.HasField("artifact_update")]
    found = [*told.task.artifacts, *(update.artifact for update in updates)]
    return [artifact for artifact in found if artifact.name]


def test_a_file_is_an_artifact_in_the_stream_and_of_the_task(agent_url: str, local_model: LocalModel) -> None:
    async def work(client: Client) -> tuple[Told, Any]:
        told = await tell(client, message(HAND_OVER))
        return told, await client.get_task(GetTaskRequest(id=told.task.id))

    told, task = meet(agent_url, work)

    expected = ("chart.png", "chart.png", "image/png", PNG)
    assert [file(each) for each in files(told)] == [expected]
    assert [file(artifact) for artifact in task.artifacts if artifact.name] == [expected]
    (update,) = [each.artifact_update for each in told.responses if each.artifact_update.artifact.name]
    assert update.last_chunk and not update.append
    assert "ACTIVITY_SNAPSHOT" not in told.events
    assert "chart.png (image/png, 300 bytes)" in told.text and told.state == "COMPLETED"


def test_a_call_without_a_stream_gives_the_file(agent_url: str, local_model: LocalModel) -> None:
    told = meet(agent_url, lambda client: tell(client, message(HAND_OVER)), streaming=False)

    assert [file(each)[3] for each in files(told)] == [PNG]


def test_the_file_is_there_after_another_connection(agent_url: str, local_model: LocalModel) -> None:
    async def again(client: Client) -> Told:
        told = Told()
        async for response in client.subscribe(SubscribeToTaskRequest(id=begun.task.id)):
            told.responses.append(response)
        return told

    question = message(f'{HAND_OVER} call patient {{"seconds": 1}}')
    begun = meet(agent_url, lambda client: tell(client, question), streaming=False, polling=True)
    told = meet(agent_url, again)

    assert [file(each)[3] for each in files(told)] == [PNG] and told.state == "COMPLETED"


def test_a_file_comes_with_what_is_asked_about_it(agent_url: str, local_model: LocalModel) -> None:
    asked = ask(agent_url, 'call show_draft {"question": "Shall I keep it?"}')
    told = ask(agent_url, {"answer": "yes"}, task=asked.task.id)

    assert asked.state == "INPUT_REQUIRED" and [file(each)[0] for each in files(asked)] == ["draft.txt"]
    assert told.state == "COMPLETED" and [file(each)[3] for each in files(told)] == [b"a draft"]


def test_the_card_says_that_files_may_come() -> None:
    assert list(card("http://127.0.0.1").default_output_modes) == ["text/plain", "application/json", "*/*"]
