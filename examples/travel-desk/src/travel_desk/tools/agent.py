"""Other agents that speak A2A (https://a2a-protocol.org), each a tool.

`AGENTS` names them, as JSON; an address is a URL, or the ARN of an AgentCore runtime:
{"weather": {"address": "https://…", "description": "Knows the weather.", "headers": {"X-Key": "${KEY}"}}}
"""

import asyncio
import json
import logging
import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from typing import Annotated, Any
from urllib.parse import quote
from uuid import uuid4

import boto3
import httpx
from a2a.client import A2ACardResolver, Client, ClientConfig, ClientFactory
from a2a.client.errors import AgentCardResolutionError
from a2a.types import (
    AgentCard,
    Artifact,
    CancelTaskRequest,
    Message,
    Part,
    Role,
    SendMessageRequest,
    StreamResponse,
    TaskState,
    TaskStatus,
)
from a2a.utils.errors import A2AError
from ag_ui.core import (
    BaseEvent,
    SubagentErrorEvent,
    SubagentFinishedEvent,
    SubagentStartedEvent,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
)
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from google.protobuf import json_format
from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from ..errors import BadSetting, problems
from .files import clean_name, give_file
from .progress import current_call
from .toolbox import Tool, tool

logger = logging.getLogger(__name__)

SERVICE = "bedrock-agentcore"
SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"
CONNECT_SECONDS = 10.0
CANCEL_SECONDS = 5.0
MAX_ANSWER_CHARACTERS = 100_000
MAX_BYTES = 20_000_000
"""Of one response: its text, and what the protocol says beside it."""
QUESTION = "All that it must know: it does not see this conversation, and forgets earlier questions."
ENDED = {
    TaskState.TASK_STATE_COMPLETED,
    TaskState.TASK_STATE_FAILED,
    TaskState.TASK_STATE_CANCELED,
    TaskState.TASK_STATE_REJECTED,
}
ASKS = {TaskState.TASK_STATE_INPUT_REQUIRED, TaskState.TASK_STATE_AUTH_REQUIRED}
MAX_REASON_CHARACTERS = 1000
ARN = re.compile(r"arn:aws[a-z-]*:bedrock-agentcore:[a-z]{2,4}(-[a-z]+)+-\d+:\d{12}:runtime/[a-zA-Z0-9_-]+")
VARIABLE = re.compile(r"\$\{(\w+)\}")
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")
OURS = {"content-length", "content-type", "transfer-encoding", SESSION_HEADER.lower()}
UNKNOWN_ERROR = re.compile(r"(JSON-RPC Error \S+: )?(?!Invalid JSON-RPC|SSE stream error)(?P<message>.+)", re.DOTALL)
"""What the SDK's client says for an agent's error whose code is none of the protocol's; the others are its own."""
NOT_A2A = (ValueError, TypeError, KeyError, AttributeError, NotImplementedError, RecursionError, json_format.Error)
"""What the SDK's client raises for cards and answers of other shapes, beside its own errors."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,60}$")]


class AgentConfig(BaseModel):
    """The address of an agent, its description for the model, and the headers of requests to it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)  # which may hold keys

    address: str
    description: str = ""
    headers: dict[str, str] = {}

    @field_validator("*")
    @classmethod
    def _expanded(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: _expanded(text) for name, text in value.items()}
        return _expanded(value)

    @field_validator("address")
    @classmethod
    def _reachable(cls, address: str) -> str:
        if not ARN.fullmatch(address) and not _is_url(address):
            raise _wrong("give a URL (http or https, without a query), or the ARN of an AgentCore runtime")
        return address

    @field_validator("headers")
    @classmethod
    def _sendable(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not HEADER_NAME.fullmatch(name) or name.lower() in OURS:
                raise _wrong(f"{name!r} is no header that can be set here")
            if not HEADER_VALUE.fullmatch(value):
                raise _wrong(f"the value of {name} is empty, or has characters that no header may have")
        return headers

    @property
    def arn(self) -> str:
        """The ARN of its runtime, or nothing."""
        return self.address if self.address.startswith("arn:") else ""

    @property
    def is_signed(self) -> bool:
        """Whether AWS credentials let us in: those of a runtime, unless its headers do."""
        return bool(self.arn) and "authorization" not in {name.lower() for name in self.headers}

    @property
    def url(self) -> str:
        """Where it is asked, and below which its card is."""
        if not self.arn:
            return self.address.rstrip("/")
        return f"{_endpoint(_region(self.arn))}/runtimes/{quote(self.arn, safe='')}/invocations"


def _expanded(text: str) -> str:
    if missing := [name for name in VARIABLE.findall(text) if name not in os.environ]:
        raise _wrong(f"the environment has no {missing[0]}")
    return os.path.expandvars(text)


def _is_url(address: str) -> bool:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        return False
    has_more = url.query or url.fragment or any(each.isspace() for each in address)
    return url.scheme in ("http", "https") and bool(url.host) and (url.port or 1) < 65536 and not has_more


def _wrong(problem: str) -> PydanticCustomError:
    return PydanticCustomError("agents", "{problem}", {"problem": problem})


AGENTS = TypeAdapter(dict[Name, AgentConfig], config=ConfigDict(hide_input_in_errors=True))


def agent_tools() -> list[Tool]:
    """A tool for each agent. Raises `BadSetting` when `AGENTS` is not as it should be."""
    try:
        configs = AGENTS.validate_json(os.environ.get("AGENTS") or "{}")
    except ValidationError as error:
        raise BadSetting("AGENTS", f"{problems(error)}. It is JSON, as .env.example shows.") from None
    return [_tool(OtherAgent(name, config)) for name, config in configs.items()]


def _tool(agent: "OtherAgent") -> Tool:
    async def ask(question: str) -> str:
        return await agent.ask(question)

    ask.__name__ = f"ask_{agent.name}"
    about = f"Ask the agent {agent.name}, and get its answer. {' '.join(agent.config.description.split())}".strip()
    ask.__doc__ = f"{about}\n\nArgs:\n    question: {QUESTION}"
    return tool(ask)


class NoAnswer(ValueError):
    """Why an agent gives no answer, in words for the model."""


class OtherAgent:
    """One agent. Each question is a conversation of its own, so that several can be asked at once."""

    def __init__(self, name: str, config: AgentConfig) -> None:
        self.name = name
        self.config = config
        self._cancelling: set[asyncio.Task[None]] = set()

    async def ask(self, question: str) -> str:
        """The answer; what comes of it is told as it comes. Raises `ValueError`: the model reads why there is none."""
        work = Work(self.name, self.config.description)
        try:
            with _explained(self.name):
                await self._follow(work, question)
            answer = "\n".join([work.answer, *work.give_files()])
        except BaseException as error:
            work.failed(str(error) or "It was left before it had answered.")
            raise
        finally:
            self._leave(work)
        work.finished()
        return answer

    async def _follow(self, work: "Work", question: str) -> None:
        message = Message(
            message_id=str(uuid4()), role=Role.ROLE_USER, parts=[Part(text=question)], context_id=work.context_id
        )
        async with self._connected(work.context_id) as client:
            async for response in client.send_message(SendMessageRequest(message=message)):
                work.take(response)

    @asynccontextmanager
    async def _connected(self, session: str) -> AsyncIterator[Client]:
        """A client of the agent as its card describes it; requests go nowhere but to the address, or below it."""
        url = self.config.url
        auth = Signed(self.config.arn, await asyncio.to_thread(_credentials)) if self.config.is_signed else None
        async with httpx.AsyncClient(
            auth=auth,
            headers={**self.config.headers, SESSION_HEADER: session},
            timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
            transport=Bounded(),
        ) as http:
            card = await A2ACardResolver(http, url).get_agent_card()
            yield _client(self.name, http, _at(url, card, is_runtime=bool(self.config.arn)))

    def _leave(self, work: "Work") -> None:
        """Nobody pays for an answer that nobody reads. It is told in a task of its own, since ours may be cancelled."""
        if work.task_id and work.state not in ENDED:
            task = asyncio.create_task(self._cancel(work.context_id, work.task_id))
            self._cancelling.add(task)
            task.add_done_callback(self._cancelling.discard)

    async def _cancel(self, session: str, task_id: str) -> None:
        try:
            async with asyncio.timeout(CANCEL_SECONDS), self._connected(session) as client:
                await client.cancel_task(CancelTaskRequest(id=task_id))
        except (A2AError, httpx.HTTPError, TimeoutError, *NOT_A2A) as error:
            logger.info("the agent %s may still be at work: %s", self.name, error)


class Work:
    """What an agent does with one question: told to the readers of our run as a subagent's, and gathered."""

    def __init__(self, name: str, description: str) -> None:
        self.context_id = str(uuid4())
        self.task_id = ""
        self.state: int = TaskState.TASK_STATE_SUBMITTED
        self._name = name
        self._run_id = str(uuid4())
        self._call = current_call.get()
        self._texts: dict[str, str] = {}
        self._files: dict[str, list[Part]] = {}
        self._size = 0  # characters told, and one for each artifact, which may be empty
        self._said = ""
        self._open: tuple[str, str] | None = None
        """The source of the text that is being told, and its message's id."""
        self._tell(
            SubagentStartedEvent(
                subagent_run_id=self._run_id,
                name=name,
                description=description or None,
                parent_tool_call_id=self._call.id or None,
            )
        )

    @property
    def answer(self) -> str:
        """What the model reads. Raises `ValueError` where there is no answer."""
        if self.state in ASKS:
            reason = "needs a person's answer before it goes on, and nobody can give one here"
            raise NoAnswer(f"The agent {self._name} {reason}: {self._said}")
        if self.state in ENDED and self.state != TaskState.TASK_STATE_COMPLETED:
            raise NoAnswer(f"The agent {self._name} failed: {self._said or 'it does not say why'}")
        if self.state not in ENDED:
            raise NoAnswer(f"The connection to the agent {self._name} broke before its answer was complete.")
        return "\n\n".join(text for text in self._texts.values() if text.strip()) or self._said

    def take(self, response: StreamResponse) -> None:
        """Take in what the agent sends. Raises `ValueError` for an answer that is too long."""
        match response.WhichOneof("payload"):
            case "message":
                self._parts("message", response.message.parts, append=False)
                self.state = TaskState.TASK_STATE_COMPLETED
            case "task":
                self.task_id = response.task.id
                for artifact in response.task.artifacts:
                    self._artifact(artifact, append=False)
                self._status(response.task.status)
            case "artifact_update":
                self.task_id = response.artifact_update.task_id
                self._artifact(response.artifact_update.artifact, append=response.artifact_update.append)
            case "status_update":
                self.task_id = response.status_update.task_id
                self._status(response.status_update.status)

    def give_files(self) -> list[str]:
        """Pass its files on to our caller; why one cannot be, for the model."""
        files = (part for parts in self._files.values() for part in parts)
        return [*filter(None, map(_passed_on, files))]

    def finished(self) -> None:
        """Tell that it has answered."""
        self._end_text()
        self._tell(SubagentFinishedEvent(subagent_run_id=self._run_id))

    def failed(self, reason: str) -> None:
        """Tell that it has not."""
        self._end_text()
        self._tell(SubagentErrorEvent(subagent_run_id=self._run_id, message=reason))

    def _artifact(self, artifact: Artifact, *, append: bool) -> None:
        self._parts(artifact.artifact_id, artifact.parts, append=append)

    def _parts(self, source: str, parts: Sequence[Part], *, append: bool) -> None:
        before = self._files.get(source, []) if append else []
        self._files[source] = [*before, *(part for part in parts if part.HasField("raw"))]
        self._text(source, _words(parts), append=append)

    def _status(self, status: TaskStatus) -> None:
        self.state = status.state
        self._said = _words(status.message.parts) or self._said

    def _text(self, source: str, text: str, *, append: bool) -> None:
        """Text of an artifact: more of it, or all of it, of which some may be known."""
        self._size += source not in self._texts
        known = self._texts.get(source, "")
        is_more = append or text.startswith(known)
        delta = text if append or not is_more else text[len(known) :]
        self._texts[source] = known + delta if is_more else text
        self._size += len(delta)
        if self._size > MAX_ANSWER_CHARACTERS:
            raise NoAnswer(f"The agent {self._name} says more than {MAX_ANSWER_CHARACTERS} characters.")
        if delta:
            id = self._message(source)
            self._tell(TextMessageContentEvent(message_id=id, delta=delta, subagent_run_id=self._run_id))

    def _message(self, source: str) -> str:
        """The id of the message that tells this source's text now."""
        if self._open and self._open[0] == source:
            return self._open[1]
        self._end_text()
        id = str(uuid4())
        self._open = source, id
        self._tell(TextMessageStartEvent(message_id=id, role="assistant", subagent_run_id=self._run_id))
        return id

    def _end_text(self) -> None:
        if self._open:
            self._tell(TextMessageEndEvent(message_id=self._open[1], subagent_run_id=self._run_id))
            self._open = None

    def _tell(self, event: BaseEvent) -> None:
        self._call.tell(event.model_dump_json(by_alias=True).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))


def _words(parts: Sequence[Part]) -> str:
    return "".join(_part(part) for part in parts)


def _part(part: Part) -> str:
    if part.HasField("text"):
        return part.text
    if part.HasField("data"):
        return json.dumps(json_format.MessageToDict(part.data), ensure_ascii=False)
    return f"(file {clean_name(part.filename or part.media_type)})"


def _passed_on(file: Part) -> str:
    """Give our caller a file; what is wrong, if it cannot be had."""
    try:
        give_file(file.filename, file.raw, file.media_type.partition(";")[0].strip().lower())
    except ValueError as error:
        return str(error)
    return ""


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except NoAnswer:
        raise
    except (A2AError, httpx.HTTPError, *NOT_A2A) as error:
        logger.error("the agent %s cannot be asked: %s: %s", name, type(error).__name__, error)
        raise NoAnswer(f"The agent {name} {_reason(error)}"[:MAX_REASON_CHARACTERS]) from error


def _reason(error: Exception) -> str:
    """Why there is no answer: in the agent's words, where it has some."""
    match error.__cause__ or error:
        case httpx.HTTPStatusError(response=response) if response.status_code == 404:
            return "is not at its address: HTTP 404."
        case httpx.HTTPStatusError(response=response):
            return f"refused the question: HTTP {response.status_code}{_said(response)}"
        case TooLarge():
            return f"sends more than {MAX_BYTES} bytes."
        case httpx.ReadError() | httpx.RemoteProtocolError():
            return "was lost before its answer was complete."
        case httpx.HTTPError():
            return "does not answer."
        case ValueError():
            return "does not speak A2A."
    is_told = isinstance(error, A2AError) and not isinstance(error, AgentCardResolutionError)
    told = UNKNOWN_ERROR.fullmatch(str(error)) if is_told else None
    return f"refused the question: {told['message']}" if told else "does not speak A2A."


def _said(response: httpx.Response) -> str:
    """What is said with an HTTP status, by JSON-RPC or AWS, after a colon."""
    try:
        body = response.json()
        return f": {(body.get('error') or body)['message']}"
    except (*NOT_A2A, httpx.StreamError):
        return ""


def _client(name: str, http: httpx.AsyncClient, card: AgentCard) -> Client:
    try:
        return ClientFactory(ClientConfig(httpx_client=http)).create(card)
    except ValueError as error:
        raise NoAnswer(f"The agent {name} offers no JSON-RPC, in which it would be asked.") from error


def _at(url: str, card: AgentCard, *, is_runtime: bool) -> AgentCard:
    """The card, whose addresses are those that we may send our headers to."""
    for interface in card.supported_interfaces:
        if is_runtime or not _is_below(url, interface.url):
            interface.url = url
    return card


def _is_below(address: str, url: str) -> bool:
    """Whether the one is at a path below the other: beside it, on the same host, others may be."""
    try:
        base, there = httpx.URL(address), httpx.URL(url)
    except httpx.InvalidURL:
        return False
    is_inside = f"{there.path.rstrip('/')}/".startswith(f"{base.path.rstrip('/')}/") and ".." not in there.path
    is_there = (base.scheme, base.host, base.port) == (there.scheme, there.host, there.port)
    return is_there and is_inside and not there.userinfo


class TooLarge(httpx.ReadError):
    """A response that is too large."""


class Bounded(httpx.AsyncHTTPTransport):
    """Gives responses up that are too large, however they come."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The response; reading more than `MAX_BYTES` of it raises `TooLarge`."""
        request.headers["accept-encoding"] = "identity"
        response = await super().handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = BoundedStream(response.stream)
        return response


class BoundedStream(httpx.AsyncByteStream):
    """The bytes of one response."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        read = 0
        async for data in self._stream:
            read += len(data)
            if read > MAX_BYTES:
                raise TooLarge(f"The response has more than {MAX_BYTES} bytes.")
            yield data

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stream.aclose()


class Signed(httpx.Auth):
    """Requests to an AgentCore runtime, signed (SigV4) as boto3 does."""

    requires_request_body = True

    def __init__(self, arn: str, credentials: Any) -> None:
        self._region = _region(arn)
        self._credentials = credentials

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the signature."""
        headers = {name: request.headers[name] for name in ("content-type", SESSION_HEADER) if name in request.headers}
        signed = AWSRequest(request.method, str(request.url), data=request.content, headers=headers)
        SigV4Auth(self._credentials, SERVICE, self._region).add_auth(signed)
        request.headers.update(dict(signed.headers))
        yield request


def _credentials() -> Any:
    if credentials := boto3.Session().get_credentials():
        return credentials.get_frozen_credentials()
    raise NoAnswer("The agent cannot be asked: no AWS credentials were found.")


def _region(arn: str) -> str:
    return arn.split(":")[3]


@cache
def _endpoint(region: str) -> str:
    url: str = boto3.Session(region_name=region).client(SERVICE).meta.endpoint_url
    return url


TOOLS = agent_tools()
