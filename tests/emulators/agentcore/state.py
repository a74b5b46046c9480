"""What the service remembers: runtimes, their versions and endpoints."""

import datetime as dt
import secrets
import string
from dataclasses import dataclass, field
from pathlib import Path

from .errors import conflict, not_found
from .models import Params

BUSY = ("CREATING", "UPDATING", "DELETING")


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def suffix() -> str:
    """The ten characters that end a runtime's or an endpoint's id."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(10))


@dataclass
class Version:
    number: str
    config: Params
    status: str
    created: dt.datetime = field(default_factory=now)
    failure: str | None = None
    root: Path | None = None

    @property
    def protocol(self) -> Params:
        protocol: Params = self.config.get("protocolConfiguration", {"serverProtocol": "HTTP"})
        return protocol

    @property
    def lifecycle(self) -> Params:
        defaults: Params = {"idleRuntimeSessionTimeout": 900, "maxLifetime": 28800}
        return {**defaults, **self.config.get("lifecycleConfiguration", {})}


@dataclass
class Endpoint:
    name: str
    target: str
    live: str | None = None
    status: str = "CREATING"
    description: str | None = None
    created: dt.datetime = field(default_factory=now)
    updated: dt.datetime = field(default_factory=now)
    suffix: str = field(default_factory=suffix)

    def serve(self, version: str) -> None:
        self.target = self.live = version
        self.status, self.updated = "READY", now()


@dataclass
class Runtime:
    name: str
    id: str
    arn: str
    tags: dict[str, str]
    versions: list[Version] = field(default_factory=list)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    created: dt.datetime = field(default_factory=now)
    deleting: bool = False

    @property
    def latest(self) -> Version:
        return self.versions[-1]

    @property
    def status(self) -> str:
        return "DELETING" if self.deleting else self.latest.status

    def version(self, number: str | None) -> Version:
        for version in self.versions:
            if version.number == (number or self.latest.number):
                return version
        raise not_found(f"version {number} of agent '{self.id}' does not exist")

    def endpoint(self, name: str) -> Endpoint:
        if name not in self.endpoints:
            raise not_found(f"No endpoint or agent found with qualifier '{name}' for agent '{self.arn}'")
        return self.endpoints[name]

    def refuse_while_busy(self) -> None:
        if self.status in BUSY:
            raise conflict(f"agent '{self.id}' is {self.status}")


@dataclass
class Account:
    """One account in one region."""

    id: str
    region: str
    runtimes: dict[str, Runtime] = field(default_factory=dict)

    def arn(self, resource: str) -> str:
        return f"arn:aws:bedrock-agentcore:{self.region}:{self.id}:{resource}"

    def add(self, name: str, tags: dict[str, str]) -> Runtime:
        if any(runtime.name == name for runtime in self.runtimes.values()):
            raise conflict(f"An agent with the specified name '{name}' already exists")
        identity = f"{name}-{suffix()}"
        self.runtimes[identity] = Runtime(name, identity, self.arn(f"runtime/{identity}"), tags)
        return self.runtimes[identity]

    def runtime(self, ident: str) -> Runtime:
        """The runtime with this id, ARN or endpoint ARN."""
        identity = ident.rpartition(":runtime/")[2].partition("/")[0]
        if identity not in self.runtimes:
            raise not_found(f"No endpoint or agent found with qualifier 'DEFAULT' for agent '{ident}'")
        return self.runtimes[identity]
