"""The emulator as one ASGI application, and a context manager that serves it from a thread."""

import asyncio
import json
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.model import OperationModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from ..serving import serve
from . import models
from .control import ControlPlane
from .data import DataPlane
from .errors import AwsError
from .faults import Faults
from .gateway import Gateway
from .identity import AUTHORIZE, Identity
from .logs import LogShipper
from .memory import Memory
from .models import Params
from .sessions import Sessions
from .state import Account, Version
from .validation import check_input, check_output

METHODS = ["GET", "PUT", "POST", "PATCH", "DELETE"]


@dataclass(frozen=True)
class Settings:
    """How the emulated service behaves.

    `python` runs every package, whatever its `runtime` says. `store` is where packages are unpacked, to be kept for the
    next emulator; without it they are removed in the end.
    """

    region: str = "us-west-2"
    account: str = "123456789012"
    python: str = sys.executable
    settle_seconds: float = 0.05
    role_seconds: float = 0.0
    start_seconds: float = 30.0
    clock: Callable[[], float] = time.monotonic
    store: Path | None = None


class Emulator:
    """Both planes behind one URL. `calls` records every request; `faults` makes some of them fail."""

    url = ""

    def __init__(self, aws_endpoint: str, settings: Settings) -> None:
        self.settings = settings
        self.faults = Faults()
        self.calls: list[tuple[str, Params]] = []
        self.account = Account(settings.account, settings.region)
        self.store = settings.store or Path(tempfile.mkdtemp(prefix="agentcore-"))
        clients = {name: _client(name, aws_endpoint, settings.region) for name in ("s3", "iam", "sts", "logs")}
        self._sts = clients["sts"]
        logs = LogShipper(clients["logs"])
        self.sessions = Sessions(settings.python, settings.start_seconds, settings.clock, self._environment, logs)
        self.control = ControlPlane(
            self.account,
            clients["s3"],
            clients["iam"],
            self.store,
            self.sessions.stop_all,
            logs.make,
            settings.python,
            settings.settle_seconds,
            settings.role_seconds,
        )
        self.identity = Identity(self.account, settings.clock, lambda: self.url)
        self.data = DataPlane(self.account, self.sessions, self.identity.of_request)
        self.memory = Memory(self.account)
        self.gateway = Gateway(settings.region)
        self._answers: dict[tuple[str, str], tuple[Params, Params]] = {}

    @property
    def environment(self) -> dict[str, str]:
        """Variables that point an AWS SDK here."""
        names = ("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE", "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL")
        return dict.fromkeys(names, self.url)

    @property
    def application(self) -> Starlette:
        routes = [
            Route("/_emulator", self._inspect, methods=["GET", "POST"]),
            Route("/gateway/mcp", self.gateway.answer, methods=METHODS),
            Route(AUTHORIZE, self.identity.authorize),
            WebSocketRoute("/runtimes/{arn:path}/ws", self.data.websocket),
            Route("/{path:path}", self._dispatch, methods=METHODS),
        ]
        return Starlette(routes=routes, lifespan=self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        watching = asyncio.create_task(self.sessions.watch())
        yield
        watching.cancel()
        await self.control.settled()
        await self.sessions.stop_all()
        await self.data.close()
        if not self.settings.store:
            await asyncio.to_thread(shutil.rmtree, self.store, ignore_errors=True)

    async def _environment(self, version: Version) -> dict[str, str]:
        """What a session's process sees: region, the role's credentials and the configured variables."""
        keys = await asyncio.to_thread(
            self._sts.assume_role, RoleArn=version.config["roleArn"], RoleSessionName="BedrockAgentCore"
        )
        credentials = keys["Credentials"]
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": "/tmp",  # noqa: S108
            "LANG": "C.UTF-8",
            "AWS_REGION": self.settings.region,
            "AWS_DEFAULT_REGION": self.settings.region,
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
            **version.config.get("environmentVariables", {}),
        }

    async def _dispatch(self, request: Request) -> Response:
        identity = {"x-amzn-RequestId": str(uuid.uuid4())}
        try:
            response = await self._answer(request)
        except AwsError as error:
            body = {"message": error.message, **error.members}
            headers = identity | {"x-amzn-ErrorType": error.code}
            return JSONResponse(body, models.status_of(error.code), headers)
        response.headers.update(identity)
        return response

    async def _answer(self, request: Request) -> Response:
        operation, path = models.match(request.method, request.scope["raw_path"].decode().partition("?")[0])
        body = await request.body()
        params = models.parse(operation, path, request.query_params, request.headers, body)
        self.calls.append((operation.name, params))
        check_input(operation, params)
        self.faults.strike(operation.name, lost=False)
        if operation.name == "InvokeAgentRuntime":
            return await self.data.invoke_agent_runtime(params, request)
        if operation.name == "InvokeAgentRuntimeCommand":
            return await self.data.invoke_agent_runtime_command(params, request)
        if operation.name == "GetAgentCard":
            return await self.data.get_agent_card(params, request)
        result = await self._once(operation, params)
        self.faults.strike(operation.name, lost=True)
        status, headers, text = models.answer(operation, result)
        return Response(text, status, headers, "application/json")

    async def _once(self, operation: OperationModel, params: Params) -> Params:
        """The operation's result; for a client token seen before, the first result again."""
        params = dict(params)
        key = (operation.name, params.pop("clientToken", ""))
        if key[1] and key in self._answers:
            before, answered = self._answers[key]
            if before != params:
                raise AwsError("ValidationException", "clientToken was used before with other parameters")
            return answered
        handler = self._handler(operation.name)
        result: Params = await handler(params)
        check_output(operation, result)
        self._answers[key] = (params, result)
        return result

    def _handler(self, operation: str) -> Any:
        for plane in (self.control, self.data, self.memory, self.identity):
            if handler := getattr(plane, xform_name(operation), None):
                return handler
        raise AwsError("UnknownOperationException", f"{operation} is not emulated")

    async def _inspect(self, request: Request) -> Response:
        """GET: the sessions that run. POST: a fault, as the arguments of `Faults.add`."""
        if request.method == "POST":
            self.faults.add(**json.loads(await request.body()))
        running = [
            {"runtime": runtime, "endpoint": endpoint, "session": session_id, "version": session.version.number}
            for (runtime, endpoint, session_id), session in self.sessions.running.items()
        ]
        return JSONResponse({"sessions": running})


@cache
def _client(service: Any, endpoint: str, region: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id="emulator",
        aws_secret_access_key="emulator",  # noqa: S106
        config=Config(s3={"addressing_style": "path"}),
    )


@contextmanager
def agentcore(aws_endpoint: str, settings: Settings | None = None, port: int = 0) -> Iterator[Emulator]:
    """Serve the emulator on loopback; `aws_endpoint` answers for S3, IAM, STS and CloudWatch Logs."""
    emulator = Emulator(aws_endpoint, settings or Settings())
    with serve(emulator.application, port) as emulator.url:
        yield emulator
