"""The events of a run, as A2A tells them: text is an artifact, and all else goes with the task's status."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from a2a.helpers import new_data_part
from a2a.types import (
    Artifact,
    Message,
    Part,
    Role,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct

EVENTS = "https://docs.ag-ui.com/concepts/events"
"""The key, in an update's metadata, of the AG-UI event that it tells."""
WORKING = TaskState.TASK_STATE_WORKING
OUTCOMES = {"success": TaskState.TASK_STATE_COMPLETED, "cancelled": TaskState.TASK_STATE_CANCELED}
UNTOLD = {"RUN_STARTED", "MESSAGES_SNAPSHOT"}
Change = TaskStatusUpdateEvent | TaskArtifactUpdateEvent
Update = Task | Change


@dataclass(frozen=True)
class Updates:
    """What the events of one run of a task are to its callers: the same for each."""

    task_id: str
    context_id: str
    run_id: str

    def of(self, event: dict[str, Any]) -> Iterator[Change]:
        """The updates that tell an event; most have one."""
        match event:
            case {"subagentRunId": str()}:
                yield self._event(event)
            case {"type": "TEXT_MESSAGE_START", "messageId": id}:
                yield self._text(id, "", append=False)
            case {"type": "TEXT_MESSAGE_CONTENT", "messageId": id, "delta": delta}:
                yield self._text(id, delta)
            case {"type": "TEXT_MESSAGE_END", "messageId": id}:
                yield self._text(id, "", last_chunk=True)
            case {"type": "RUN_FINISHED", "outcome": {"type": "interrupt", "interrupts": asked}}:
                yield self._status(self.asking(asked))
            case {"type": "RUN_FINISHED", "outcome": {"type": outcome}}:
                if (result := event.get("result")) is not None:
                    parts = [new_data_part(result)]
                    yield self._whole(Artifact(artifact_id=f"result-of-{self.run_id}", name="result", parts=parts))
                yield self._status(TaskStatus(state=OUTCOMES[outcome]))
            case {"type": "RUN_ERROR", "code": code, "message": text}:
                parts = [Part(text=text), new_data_part({"code": code})]
                yield self._status(TaskStatus(state=TaskState.TASK_STATE_FAILED, message=self._message(parts)))
            case {"type": "ACTIVITY_SNAPSHOT", "activityType": "file", "content": file}:
                yield self._whole(file_artifact(file))
            case {"type": kind} if kind not in UNTOLD:
                yield self._event(event)

    def _event(self, event: dict[str, Any]) -> TaskStatusUpdateEvent:
        told = {name: value for name, value in event.items() if value is not None}
        return self._status(TaskStatus(state=WORKING), ParseDict({EVENTS: told}, Struct()))

    def asking(self, asked: list[dict[str, Any]]) -> TaskStatus:
        """The status of a task that waits: the questions in words, and as AG-UI's interrupts."""
        text = "\n".join(str(interrupt.get("message") or interrupt["reason"]) for interrupt in asked)
        parts = [Part(text=text), new_data_part({"interrupts": asked})]
        return TaskStatus(state=TaskState.TASK_STATE_INPUT_REQUIRED, message=self._message(parts))

    def _message(self, parts: list[Part]) -> Message:
        return Message(
            message_id=f"end-of-{self.run_id}",
            role=Role.ROLE_AGENT,
            parts=parts,
            task_id=self.task_id,
            context_id=self.context_id,
        )

    def _text(self, id: str, text: str, *, append: bool = True, last_chunk: bool = False) -> TaskArtifactUpdateEvent:
        artifact = text_artifact(id, text)
        return TaskArtifactUpdateEvent(
            task_id=self.task_id, context_id=self.context_id, artifact=artifact, append=append, last_chunk=last_chunk
        )

    def _whole(self, artifact: Artifact) -> TaskArtifactUpdateEvent:
        return TaskArtifactUpdateEvent(
            task_id=self.task_id, context_id=self.context_id, artifact=artifact, last_chunk=True
        )

    def _status(self, status: TaskStatus, metadata: Struct | None = None) -> TaskStatusUpdateEvent:
        status.timestamp.GetCurrentTime()
        return TaskStatusUpdateEvent(task_id=self.task_id, context_id=self.context_id, status=status, metadata=metadata)


def since_now(state: Any) -> TaskStatus:
    """The status of a task that has just changed."""
    status = TaskStatus(state=state)
    status.timestamp.GetCurrentTime()
    return status


def text_artifact(id: str, text: str) -> Artifact:
    """A message of the agent, or a piece of one."""
    return Artifact(artifact_id=id, parts=[Part(text=text)])


def file_artifact(file: dict[str, Any]) -> Artifact:
    """A file that a tool gave."""
    data = b"".join(map(base64.b64decode, file["data"]))
    part = Part(raw=data, filename=file["name"], media_type=file["mediaType"])
    return Artifact(artifact_id=file["id"], name=file["name"], parts=[part])
