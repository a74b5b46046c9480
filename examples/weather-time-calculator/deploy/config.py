"""`deploy.toml`, checked before anything is sent: AWS's SDK checks neither patterns nor ranges."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError, field_validator

from .errors import DeployError

PROJECT = "weather-time-calculator"
PACKAGE = "weather_time_calculator"
PROTOCOL: Literal["HTTP", "AGUI"] = "HTTP"
PYTHON = "3.13"
ROOT = Path(__file__).parents[1]
FILE = ROOT / "deploy.toml"
OWNER = {"managed-by": f"{PROJECT}/deploy"}  # the tag of everything that this project made

Seconds = Annotated[int, Field(ge=60, le=1_209_600)]  # AgentCore: LifecycleConfiguration
LogDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653]  # PutRetentionPolicy
SecretArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+$")]
SECRET_NAME = re.compile(r"(^|_)(API_?KEY|SECRET|TOKEN|PASSWORD|PASSWD|PRIVATE_KEY)$", re.I)


class Section(BaseModel):
    """A table of deploy.toml; an unknown key is an error, for it is a misspelt one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Network(Section):
    """A VPC that the agent runs in."""

    subnets: list[Annotated[str, Field(pattern=r"^subnet-[0-9a-zA-Z]{8,17}$")]] = Field(min_length=1, max_length=16)
    security_groups: list[Annotated[str, Field(pattern=r"^sg-[0-9a-zA-Z]{8,17}$")]] = Field(min_length=1, max_length=16)


class Lifecycle(Section):
    """How long a session lives: without a request, and at most."""

    idle_seconds: Seconds = 900
    max_seconds: Seconds = 28_800


class Auth(Section):
    """Who may call the agent with a bearer token, instead of AWS credentials."""

    discovery_url: HttpUrl
    audience: list[str] = []
    clients: list[str] = []
    scopes: list[str] = []

    @field_validator("discovery_url")
    @classmethod
    def _ends_as_agentcore_wants(cls, url: HttpUrl) -> HttpUrl:
        if not str(url).endswith(("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")):
            raise ValueError("must end in /.well-known/openid-configuration")
        return url


class Config(Section):
    """What is deployed, where, and with which resources of yours."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_]{0,47}$")] = PACKAGE
    description: Annotated[str, Field(min_length=1, max_length=4096)]
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]+$")]
    model: Annotated[str, Field(min_length=1)]
    role: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$")] | None = None
    permissions_boundary: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/.+$")] | None = None
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] | None = None
    headers: list[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,255}$")]] = Field(default=[], max_length=20)
    aws_services: list[str] = []
    environment: dict[str, Annotated[str, Field(max_length=5000)]] = Field(default={}, max_length=40)
    secrets: dict[str, SecretArn] = {}
    tags: dict[str, str] = Field(default={}, max_length=45)
    network: Network | None = None
    lifecycle: Lifecycle = Lifecycle()
    log_days: LogDays = 30
    auth: Auth | None = None

    @field_validator("environment")
    @classmethod
    def _holds_no_secret(cls, environment: dict[str, str]) -> dict[str, str]:
        for name in environment:
            if SECRET_NAME.search(name):
                raise ValueError(f"{name} looks like a secret: store it in Secrets Manager and name it in [secrets]")
        return environment

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of the runtime. Of a secret it gets the ARN, never the value."""
        secrets = {f"{name}_ARN": arn for name, arn in self.secrets.items()}
        return {"MODEL_ID": self.model, **secrets, **self.environment}


def load(region: str | None = None, path: Path = FILE) -> Config:
    """The checked configuration; `region` takes the place of the file's."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        return Config(**values | ({"region": region} if region else {}))
    except FileNotFoundError as error:
        raise DeployError(f"{path.name} is missing.", "It is part of the project: restore it.") from error
    except tomllib.TOMLDecodeError as error:
        raise DeployError(f"{path.name} is not TOML: {error}.") from error
    except ValidationError as error:
        raise DeployError(f"{path.name}: {_first(error.errors(include_url=False)[0])}") from error


def _first(problem: Any) -> str:
    """One line; of tables, which may hold what nobody should see, it shows nothing."""
    value = problem.get("input")
    shown = f" (it is {value!r})" if isinstance(value, str | int) and "environment" not in problem["loc"] else ""
    return f"`{'.'.join(map(str, problem['loc']))}`: {problem['msg']}{shown}"
