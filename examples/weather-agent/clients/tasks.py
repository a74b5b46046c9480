"""An agent's A2A 1.0 tasks, asked by JSON-RPC and told as AG-UI events, like the runs of `stream.py`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

import httpx2

from .files import ACTIVITY
from .stream import SESSION_HEADER, AgentError, Json, Refused, Run, lost, refusal

EVENTS = "https://docs.ag-ui.com/concepts/events"
"""The key, in an update's metadata, of the AG-UI event that it tells."""
OUTCOMES = {"TASK_STATE_COMPLETED": "success", "TASK_STATE_CANCELED": "cancelled"}
FAILED = ("TASK_STATE_FAILED", "TASK_STATE_REJECTED", "TASK_STATE_AUTH_REQUIRED")
WAITS = "TASK_STATE_INPUT_REQUIRED"
MAX_TASKS = 100


class TaskRun(Run):
    """One message to an agent, and what its task does of it.

    A task goes on when its connection is lost: it is looked at, to see whether it has got the message, and followed.
    """

    def __init__(
        self,
        url: str,
        session: str,
        *,
        prompt: str | None = None,
        resume: Sequence[Mapping[str, Any]] = (),
        follow: str | None = None,
    ) -> None:
        """A question; answers to what the task `follow` waits for; or, with neither, that task to follow."""
        super().__init__(url, session)
        self.url = url
        self.id = follow or ""
        self._has_started = False
        self._text = ""
        """The id of the artifact that is being told."""
        self._known: dict[str, int] = {}
        self._value: Json = {}
        """What the answer comes to, where it has a form."""
        self._next: Json | None = None
        parts: list[Json] = [{"text": prompt}] if prompt is not None else [{"data": {"resume": list(resume)}}]
        self._message = {"messageId": str(uuid4()), "role": "ROLE_USER", "contextId": session, "parts": parts}
        self._message |= {"taskId": follow} if follow else {}
        self._is_sent = prompt is None and not resume
        self._connected = self._is_sent
        self._body = self._looking if self._is_sent else self._sending

    @property
    def headers(self) -> dict[str, str]:
        """Which session is meant, and the protocol's version."""
        return {SESSION_HEADER: self.session, "A2A-Version": "1.0"}

    @property
    def cancellation(self) -> Json:
        """What ends the task: the arguments of httpx2's `post`."""
        return {"url": self.url, "json": rpc("CancelTask", {"id": self.id}), "headers": self.headers, "timeout": 5.0}

    def answered(self, answers: Sequence[Mapping[str, Any]]) -> "TaskRun":
        """The same task, which goes on with these answers."""
        run = TaskRun(self.url, self.session, resume=answers, follow=self.id)
        run._known = self._known
        return run

    def take(self, message: httpx2.ServerSentEvent) -> Iterator[Json]:
        """The events in a message of the stream."""
        if message.data:
            result = self._result(json.loads(message.data))
            self._heard_of_it()
            self._is_sent = True
            yield from self._told(result)

    def take_whole(self, response: httpx2.Response, body: bytes) -> Iterator[Json]:
        """What is answered at once: the task as it is, or a refusal."""
        if not response.is_success:
            raise Refused(refusal(response, body))
        result = self._result(json.loads(body))
        task = self._sought(result["tasks"]) if "tasks" in result else result.get("task", result)
        if task and not self._is_sent:
            self._is_sent = any(each["messageId"] == self._message["messageId"] for each in task.get("history", []))
        if not self._is_sent:
            self._next = self._sending
            return
        self._heard_of_it()
        yield from self._told({"task": task})
        self._next = self._subscribing

    def _result(self, answer: Json) -> Json:
        if "error" not in answer:
            return dict(answer["result"])
        if self._body["method"] == "SubscribeToTask":
            raise Refused(lost())  # it has ended meanwhile: looked at again, it says how
        raise Refused(rpc_error(answer["error"]))

    def _sought(self, tasks: list[Json]) -> Json | None:
        sent = self._message["messageId"]
        found = [task for task in tasks if any(each["messageId"] == sent for each in task.get("history", []))]
        return found[0] if found else None

    def _told(self, result: Json) -> Iterator[Json]:
        match result:
            case {"task": task}:
                self.id = task["id"]
                if not self._has_started:
                    self._has_started = True
                    yield {"type": "RUN_STARTED", "threadId": self.session, "runId": self.id}
                for artifact in task.get("artifacts", []):
                    yield from self._artifact(artifact, is_whole=True)
                yield from self._status(task["status"])
            case {"artifactUpdate": update}:
                yield from self._artifact(update["artifact"], is_whole=not update.get("append"))
                if update.get("lastChunk"):
                    yield from self._end_text()
            case {"statusUpdate": {"metadata": {"https://docs.ag-ui.com/concepts/events": event}}}:
                yield event
            case {"statusUpdate": update}:
                yield from self._status(update["status"])

    def _artifact(self, artifact: Json, *, is_whole: bool) -> Iterator[Json]:
        if artifact.get("name") == "result":
            self._value = {"result": artifact["parts"][0]["data"]}
            return
        id = artifact["artifactId"]
        if file := next((part for part in artifact["parts"] if "raw" in part), None):
            return (yield from self._file(id, file))
        text = "".join(part.get("text", "") for part in artifact["parts"])
        delta = text[self._known.get(id, 0) :] if is_whole else text
        if self._text != id and (delta or id not in self._known):
            yield from self._end_text()
            self._text = id
            yield {"type": "TEXT_MESSAGE_START", "messageId": id, "role": "assistant"}
        self._known[id] = self._known.get(id, 0) + len(delta)
        if delta:
            yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": id, "delta": delta}

    def _file(self, id: str, part: Json) -> Iterator[Json]:
        """A file as an activity, once."""
        if id not in self._known:
            self._known[id] = 0
            content = {"id": id, "name": part.get("filename", ""), "mediaType": part.get("mediaType", "")}
            content |= {"size": len(part["raw"]) * 3 // 4 - part["raw"].count("="), "data": [part["raw"]]}
            yield {"type": "ACTIVITY_SNAPSHOT", "messageId": id, "activityType": ACTIVITY, "content": content}

    def _end_text(self) -> Iterator[Json]:
        if self._text:
            yield {"type": "TEXT_MESSAGE_END", "messageId": self._text}
            self._text = ""

    def _status(self, status: Json) -> Iterator[Json]:
        state = status["state"]
        if state in FAILED:
            self.ended = True
            raise failure(status)
        if outcome := outcome_of(status):
            yield from self._end_text()
            self.ended = True
            end = {"type": "RUN_FINISHED", "threadId": self.session, "runId": self.id, "outcome": outcome}
            yield end | (self._value if outcome["type"] == "success" else {})

    def _go_on(self) -> Json:
        body, self._next = self._next or self._looking, None
        return body

    @property
    def _is_asking(self) -> bool:
        return bool(self._body["method"] == "SendStreamingMessage")

    def _is_unheard_of(self, told: AgentError) -> bool:
        return False

    @property
    def _sending(self) -> Json:
        return rpc("SendStreamingMessage", {"message": self._message})

    @property
    def _looking(self) -> Json:
        if self.id:
            return rpc("GetTask", {"id": self.id})
        return rpc("ListTasks", {"contextId": self.session, "pageSize": MAX_TASKS, "includeArtifacts": True})

    @property
    def _subscribing(self) -> Json:
        return rpc("SubscribeToTask", {"id": self.id})


def rpc(method: str, params: Json) -> Json:
    """A call of JSON-RPC."""
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def rpc_error(error: Json) -> AgentError:
    """What the agent does not take, by its own code where it tells one."""
    told: Json = next((each["metadata"] for each in error.get("data") or [] if "metadata" in each), {})
    return AgentError(str(told.get("code", error["code"])), error["message"], told)


def failure(status: Json) -> AgentError:
    """Why a task has failed."""
    text, data = said(status)
    return AgentError(data.get("code", "run_error"), text or "The agent failed.")


def outcome_of(status: Json) -> Json:
    """How a run of the task has ended, in AG-UI's words; nothing if it has not."""
    if status["state"] == WAITS:
        return {"type": "interrupt", "interrupts": said(status)[1]["interrupts"]}
    return {"type": OUTCOMES[status["state"]]} if status["state"] in OUTCOMES else {}


def said(status: Json) -> tuple[str, Json]:
    """The words and the data of a status."""
    parts = status.get("message", {}).get("parts", [])
    data: Json = next((part["data"] for part in parts if "data" in part), {})
    return "".join(part.get("text", "") for part in parts), data
