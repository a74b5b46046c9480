"""`deploy.toml`, checked before anything is sent: most of what AWS would refuse, it would refuse minutes later."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from bedrock_agentcore.runtime.models import is_forwardable_header
from pydantic import AliasGenerator, BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator
from pydantic.alias_generators import to_pascal

from .errors import DeployError

Json = dict[str, Any]
PROJECT = "weather-time-calculator"
PACKAGE = "weather_time_calculator"
PROTOCOL: Literal["HTTP", "AGUI"] = "HTTP"
ROOT = Path(__file__).parents[1]
FILE = ROOT / "deploy.toml"
OWNER = {"managed-by": f"{PROJECT}/deploy"}  # the tag of everything that this project made
ENVIRONMENT_BYTES = {"V1": 4096, "V2": 1536}  # of all variables, names too

Python = Literal["3.13", "3.14"]
Seconds = Annotated[int, Field(ge=60, le=1_209_600)]  # AgentCore: LifecycleConfiguration
LogDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653]  # PutRetentionPolicy
Subnet = Annotated[str, Field(pattern=r"^subnet-[0-9a-zA-Z]{8,17}$")]
SecurityGroup = Annotated[str, Field(pattern=r"^sg-[0-9a-zA-Z]{8,17}$")]
RoleArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$")]
SecretArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+$")]
MountPath = Annotated[str, Field(pattern=r"^/mnt/[a-zA-Z0-9._-]+/?$")]
Variable = Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")]
SECRET_NAME = re.compile(r"(^|_)(API_?KEY|SECRET|TOKEN|PASSWORD|PASSWD|PRIVATE_KEY)$", re.I)
OF_THE_ROLE = {"MODEL_ID": "model", "FALLBACK_MODEL_ID": "fallback_model"}
OF_THE_ROLE |= {"GUARDRAIL_ID": "guardrail", "GUARDRAIL_VERSION": "guardrail"}
AS_PROPERTY = AliasGenerator(serialization_alias=to_pascal)


class Section(BaseModel):
    """A table of deploy.toml; an unknown key is an error, for it is a misspelt one. `as_property`: CloudFormation's."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=AS_PROPERTY)

    def as_property(self) -> Json:
        """The table under CloudFormation's names, without what is empty."""
        return {name: value for name, value in self.model_dump(by_alias=True).items() if value or value is False}


class Network(Section):
    """A VPC that the agent runs in."""

    subnets: list[Subnet] = Field(min_length=1, max_length=16)
    security_groups: list[SecurityGroup] = Field(min_length=1, max_length=16)


class Lifecycle(Section):
    """How long a session lives: without a request, and at most."""

    idle_seconds: Seconds = Field(default=900, serialization_alias="IdleRuntimeSessionTimeout")
    max_seconds: Seconds = Field(default=28_800, serialization_alias="MaxLifetime")

    @model_validator(mode="after")
    def _idle_is_the_shorter(self) -> "Lifecycle":
        if self.idle_seconds > self.max_seconds:
            raise ValueError("idle_seconds is more than max_seconds")
        return self


class Storage(Section):
    """File systems that the agent sees: its session's own, and access points, `{ arn = "…", path = "/mnt/…" }`."""

    session: MountPath | None = None
    efs: list[dict[Literal["arn", "path"], str]] = []
    s3: list[dict[Literal["arn", "path"], str]] = []

    def as_list(self) -> list[Json]:
        """FilesystemConfigurations."""
        own = [{"SessionStorage": {"MountPath": self.session}}] if self.session else []
        return own + [
            {kind: {"AccessPointArn": each["arn"], "MountPath": each["path"]}}
            for kind, points in (("EfsAccessPoint", self.efs), ("S3FilesAccessPoint", self.s3))
            for each in points
        ]


class Config(Section):
    """What is deployed, where, and with which resources of yours."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_]{0,47}$")] = PACKAGE
    description: Annotated[str, Field(min_length=1, max_length=1200)]
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]+$")]
    model: Annotated[str, Field(min_length=1)]
    fallback_model: Annotated[str, Field(min_length=1)] | None = None
    guardrail: Annotated[str, Field(pattern=r"^[a-z0-9:/-]+:(\d+|DRAFT)$")] | None = None
    platform_version: Literal["V1", "V2"] = "V2"
    python: Python = "3.13"
    role: RoleArn | None = None
    permissions_boundary: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/.+$")] | None = None
    cloudformation_role: RoleArn | None = None
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] | None = None
    alarm_topic: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:sns:.+$")] | None = None
    kms_key: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+$")] | None = None
    headers: list[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,255}$")]] = Field(default=[], max_length=20)
    aws_services: list[str] = []
    environment: dict[Variable, Annotated[str, Field(max_length=2048)]] = Field(default={}, max_length=40)
    secrets: dict[Variable, SecretArn] = {}
    parameters: dict[str, str] = {}
    tags: dict[str, str] = Field(default={}, max_length=45)
    network: Network | None = None
    lifecycle: Lifecycle = Lifecycle()
    storage: Storage = Storage()
    log_days: LogDays = 30
    keep_versions: Annotated[int, Field(ge=1, le=1000)] = 10
    _family: "list[Config]" = PrivateAttr(default=[])

    @model_validator(mode="after")
    def _is_what_agentcore_takes(self) -> "Config":
        if refused := [name for name in self.headers if not is_forwardable_header(name)]:
            raise ValueError(f"headers: AgentCore never passes {refused[0]} on")
        for name in OF_THE_ROLE.keys() & self.environment:
            raise ValueError(f"environment: give {name} as `{OF_THE_ROLE[name]}`, which the role's permissions follow")
        if "PORT" in self.environment:
            raise ValueError("environment: leave PORT out: AgentCore decides at which port it asks the agent")
        for name in self.environment:
            if SECRET_NAME.search(name):
                raise ValueError(f"{name} looks like a secret: store it in Secrets Manager and name it in [secrets]")
        size = sum(len(f"{name}{value}".encode()) for name, value in self.variables.items())
        if size > (limit := ENVIRONMENT_BYTES[self.platform_version]):
            raise ValueError(f"environment: {size} bytes; AgentCore takes {limit} ({self.platform_version})")
        return self

    @property
    def source(self) -> "Config":
        """Of an environment: the one whose packages are promoted to it."""
        return self.family[0]

    @property
    def family(self) -> "list[Config]":
        """All that deploy.toml configures: what stands outside of [environments], and each of these."""
        return self._family or [self]

    @property
    def stack(self) -> str:
        """The stack's name: letters, digits and dashes."""
        return self.name.replace("_", "-")

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of the runtime. Of a secret it gets the ARN, never the value."""
        secrets = {f"{name}_ARN": arn for name, arn in self.secrets.items()}
        storage = {"SESSION_STORAGE": self.storage.session} if self.storage.session else {}
        model = {"MODEL_ID": self.model} | ({"FALLBACK_MODEL_ID": self.fallback_model} if self.fallback_model else {})
        if self.guarded:
            model["GUARDRAIL_ID"], model["GUARDRAIL_VERSION"] = self.guarded
        return {"AGENT_NAME": self.name, **model, **secrets, **storage, **self.environment}

    @property
    def guarded(self) -> tuple[str, str] | None:
        """The guardrail's id, or its ARN, and its version."""
        guardrail, _, version = str(getattr(self, "guardrail", None) or "").rpartition(":")
        return (guardrail, version) if guardrail else None

    @property
    def runtime(self) -> Json:
        """The properties of AWS::BedrockAgentCore::Runtime that deploy.toml gives."""
        vpc = {"NetworkMode": "VPC", "NetworkModeConfig": self.network.as_property()} if self.network else None
        given = {
            "Description": self.description,
            "PlatformVersion": self.platform_version,
            "ProtocolConfiguration": PROTOCOL,
            "NetworkConfiguration": vpc or {"NetworkMode": "PUBLIC"},
            "LifecycleConfiguration": self.lifecycle.as_property(),
            "EnvironmentVariables": self.variables,
            "FilesystemConfigurations": self.storage.as_list(),
            "RequestHeaderConfiguration": self.headers and {"RequestHeaderAllowlist": self.headers},
        }
        return {name: value for name, value in given.items() if value}


def load(region: str | None = None, environment: str | None = None, path: Path = FILE) -> Config:
    """The checked configuration, of an environment if one is named; `region` takes the place of the file's."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        own = values.pop("environments", {})
        if odd := [name for name in own if not re.fullmatch(r"[A-Za-z0-9_-]+", name)]:
            raise DeployError(f"{path.name}: environments.{odd[0]}: a name has letters, digits, `-` and `_`.")
        tables = {None: values} | {name: _merged(values, name, own[name]) for name in own}
        configs = {name: Config(**table | ({"region": region} if region else {})) for name, table in tables.items()}
    except FileNotFoundError as error:
        raise DeployError(f"{path.name} is missing.", "It is part of the project: restore it.") from error
    except tomllib.TOMLDecodeError as error:
        raise DeployError(f"{path.name} is not TOML: {error}.") from error
    except ValidationError as error:
        raise DeployError(f"{path.name}: {_first(error.errors(include_url=False)[0])}") from error
    if environment not in configs:
        raise DeployError(f"{path.name} has no [environments.{environment}].", f"It has: {', '.join(own) or 'none'}.")
    configs[environment]._family = list(configs.values())
    return configs[environment]


def _merged(values: Json, name: str, own: Json) -> Json:
    """An environment: what the file says, under a name of its own, with what the environment says instead."""
    tables = {key: values[key] | table for key, table in own.items() if isinstance(table, dict) and key in values}
    return values | {"name": f"{values.get('name', PACKAGE)}_{name}"} | own | tables


def _first(problem: Any) -> str:
    """One line; of tables, which may hold what nobody should see, it shows nothing."""
    value = problem.get("input")
    shown = f" (it is {value!r})" if isinstance(value, str | int) and "environment" not in problem["loc"] else ""
    where = f"`{'.'.join(map(str, problem['loc']))}`: " if problem["loc"] else ""
    return f"{where}{problem['msg'].removeprefix('Value error, ')}{shown}"
