"""Say what this machine lacks for making, running, updating and deploying agents: a table of checks.

All but those of `_ASKED_OF_AWS` only look: at programs, files and variables of this machine.
"""

from __future__ import annotations

import configparser
import importlib.util
import os
import platform
import re
import shutil
import socket
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from streamplate import encryption_key, health, private_network, project
from streamplate.errors import StreamplateError
from streamplate.git import attempt
from streamplate.project import Project
from streamplate.toolchain import quoted

GIT = (2, 38)
"""First release with `git merge-tree --write-tree`, which updates are made with."""


@dataclass(frozen=True)
class Finding:
    """What one check found: `status` is `ok`, `note` (something needs it, not everything) or `problem`."""

    check: str
    status: str
    found: str
    fix: str = ""
    """What to type, or do, about it."""


@dataclass(frozen=True)
class Place:
    """What the checks look at: the folder, the project in it if there is one, and the region in force there."""

    root: Path
    project: Project | None
    region: str


Verdict = tuple[str, str, str]
"""Status, what was found, and the fix."""

Check = Callable[[Place], Verdict | None]


def examine(root: str | Path, *, aws: bool = False, say: Callable[[str], None] = lambda text: None) -> list[Finding]:
    """Every check, made in folder `root`, which may hold a project.

    Requests are sent only with `aws`, after `say` was told which; where AWS knows no caller, the others are left out.
    """
    place = _place(Path(os.path.abspath(root)))
    if aws:
        model = f", for one token of {_model(place)} (Bedrock)" if _model(place) else ""
        settings = {name for table in _deployments(place) for name in table}
        more = ", for the key's policy (KMS)" if "kms_key" in settings else ""
        more += ", for subnets, routes and endpoints (EC2)" if "network" in settings else ""
        where = place.region or "no region"
        say(f"Asking AWS in {where}: who you are (STS){model}, for your runtimes (AgentCore){more}")
    findings = list(_findings(_ON_THIS_MACHINE, place))
    for finding in _findings(_ASKED_OF_AWS, place) if aws else ():
        findings.append(finding)
        if finding.check == "AWS account" and finding.status == "problem":
            break
    return findings


def _findings(checks: Mapping[str, Check], place: Place) -> Iterator[Finding]:
    for name, check in checks.items():
        if verdict := check(place):
            yield Finding(name, *verdict)


def _place(root: Path) -> Place:
    try:
        found = project.load(root)
    except StreamplateError:
        found = None
    made_for = str(found.answers.get("region", "")) if found else ""
    fallback = os.environ.get("AWS_DEFAULT_REGION") or _profile().get("region", "")
    return Place(root, found, os.environ.get("AWS_REGION") or made_for or fallback)


def _python(place: Place) -> Verdict:
    return "ok", f"{platform.python_version()} ({sys.executable})", ""


def _git(place: Place) -> Verdict:
    try:
        words = attempt("version").stdout.split()
    except StreamplateError as missing:
        return "problem", missing.message, _git_install()
    version = words[2]
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < GIT:
        return "problem", f"{version}; updates need {GIT[0]}.{GIT[1]}", _git_install()
    return "ok", version, ""


def _identity(place: Place) -> Verdict | None:
    if not shutil.which("git"):
        return None
    if name := attempt("config", "--get", "user.name").stdout.strip():
        return "ok", name, ""
    fix = 'git config --global user.name "Your Name" && git config --global user.email you@example.com'
    return "note", "git does not know your name: commits are made as 'streamplate'", fix


def _uv(place: Place) -> Verdict:
    if found := shutil.which("uv"):
        return "ok", found, ""
    if importlib.util.find_spec("ensurepip"):
        return "note", "not installed; venv and pip do as well, only slower", _UV_INSTALL
    return "problem", "neither uv nor a Python with venv: projects cannot be installed", _UV_INSTALL


def _port(place: Place) -> Verdict:
    port = os.environ.get("PORT", "8080")
    if not port.isdecimal() or int(port) > 65535:
        return "problem", f"PORT is {port}, which is none", "unset PORT"
    try:
        socket.create_server(("127.0.0.1", int(port))).close()
    except OSError as error:
        return "note", f"{port} is taken ({error.strerror}), where `serve` listens", "uv run serve --port 0"
    return "ok", f"{port} is free", ""


def _credentials(place: Place) -> Verdict:
    if kind := next((kind for name, kind in _CREDENTIAL_VARIABLES.items() if os.environ.get(name)), None):
        return "ok", f"{kind} in the environment; whether they are valid, --aws asks", ""
    profile, values = _profile_name(), _profile()
    if kind := next((kind for key, kind in _CREDENTIAL_KEYS.items() if key in values), None):
        return "ok", f"{kind} in profile {profile}; whether they are valid, --aws asks", ""
    status = "problem" if os.environ.get("AWS_PROFILE") else "note"
    found = f"none in the environment or in profile {profile} (an instance's own role is not looked for)"
    needed = "`serve --offline` needs none, Amazon Bedrock and `deploy` do"
    return status, f"{found}: {needed}", f"aws configure sso --profile {quoted(profile)}"


def _region(place: Place) -> Verdict:
    if not place.region:
        return "note", "none is set, and no project names one", "export AWS_REGION=us-west-2"
    made_for = place.project.answers.get("region") if place.project else None
    if made_for and made_for != place.region:
        fix = f"unset AWS_REGION, or: streamplate configure -d region={place.region}"
        return "note", f"AWS_REGION is {place.region}, and the project was made for {made_for}", fix
    return "ok", place.region, ""


def _project(place: Place) -> Verdict | None:
    if not (place.root / project.ANSWERS_FILE).exists():
        return None
    found = health.check(place.root)
    if found.status == "outdated":
        fix = f"streamplate update {quoted(str(place.root))}"
        return "problem", f"outdated: made by {found.release}, and {found.newest} is out", fix
    status = "ok" if found.fine else "problem"
    return status, found.problem or f"up to date ({found.release})", found.hint


def _caller(place: Place) -> Verdict:
    def ask(client: Any) -> str:
        return str(client.get_caller_identity()["Arn"])

    return _answer(place, "sts", ask, f"aws sso login --profile {quoted(_profile_name())}")


def _model_access(place: Place) -> Verdict | None:
    if not (model := _model(place)):
        return None

    def ask(client: Any) -> str:
        client.converse(
            modelId=model, messages=[{"role": "user", "content": [{"text": "Hi"}]}], inferenceConfig={"maxTokens": 1}
        )
        return f"{model} answers"

    foundation = re.sub(r"^(us|eu|apac|global)\.", "", model)
    fix = f"aws bedrock get-foundation-model-availability --region {place.region} --model-id {foundation}"
    return _answer(place, "bedrock-runtime", ask, fix)


def _agentcore(place: Place) -> Verdict:
    def ask(client: Any) -> str:
        client.list_agent_runtimes(maxResults=1)
        return f"answers in {place.region}"

    fix = "In a region that has it, with bedrock-agentcore:ListAgentRuntimes allowed: --region of `deploy`"
    return _answer(place, "bedrock-agentcore-control", ask, fix)


def _key_policy(place: Place) -> Verdict | None:
    fix = "With kms:DescribeKey and kms:GetKeyPolicy allowed, and kms_key in deploy.toml a key of that region"
    keys = dict.fromkeys(str(table["kms_key"]) for table in _deployments(place) if "kms_key" in table)
    return _worst(
        _answer(_in(place, key.split(":")[3]), "kms", partial(encryption_key.look, arn=key), fix) for key in keys
    )


def _endpoints(place: Place) -> Verdict | None:
    fix = "With ec2:Describe* allowed, and subnets in [network] of deploy.toml that exist"
    return _worst(
        _answer(_in(place, table.get("region", "")), "ec2", partial(_look_at_network, place, table), fix)
        for table in _deployments(place)
        if "network" in table
    )


def _look_at_network(place: Place, table: dict[str, Any], client: Any) -> str:
    wanted = _toml(place.root / "deploy" / "endpoints.toml")
    if not table.get("secrets"):
        wanted.pop("secretsmanager", None)
    return private_network.look(client, table["network"], wanted)


def _worst(verdicts: Iterator[Verdict]) -> Verdict | None:
    """The first problem, or all that was found."""
    found = list(verdicts)
    if problem := next((each for each in found if each[0] != "ok"), None):
        return problem
    return ("ok", "; ".join(dict.fromkeys(each[1] for each in found)), "") if found else None


def _in(place: Place, region: str) -> Place:
    return replace(place, region=region or place.region)


def _deployments(place: Place) -> list[dict[str, Any]]:
    """What deploy.toml says, and what it says of each environment."""
    values = _toml(place.root / "deploy.toml") if place.project else {}
    own = values.pop("environments", {})
    return [values, *(values | each for each in own.values())]


def _toml(path: Path) -> dict[str, Any]:
    """The file's tables; none where it cannot be read, which the project's own commands say."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def _answer(place: Place, service: str, ask: Callable[[Any], str], fix: str) -> Verdict:
    """The verdict of one request to AWS, tried twice at most, or why none could be sent."""
    try:
        import boto3  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
    except ImportError:
        install = f"{quoted(sys.executable)} -m pip install boto3"
        return "problem", "not asked: boto3 is not in the environment of streamplate", install
    patience = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 2})
    try:
        return "ok", ask(boto3.Session().client(service, region_name=place.region or None, config=patience)), ""
    except StreamplateError as lack:
        return "problem", lack.message, lack.hint
    except (BotoCoreError, ClientError) as error:
        return "problem", " ".join(str(error).split()), fix


def _model(place: Place) -> str:
    """The Bedrock model of the project, as its agent finds it: in `MODEL_ID`, else in its settings."""
    if not place.project or place.project.answers.get("model_provider") != "bedrock":
        return ""
    return os.environ.get("MODEL_ID") or next(_in_settings(place.root), "")


def _in_settings(root: Path) -> Iterator[str]:
    for path in (root / "src").glob("*/settings.py"):
        yield from re.findall(r'^ +model_id: str = "(.+)"', path.read_text("utf-8"), re.MULTILINE)


def _profile_name() -> str:
    return os.environ.get("AWS_PROFILE") or "default"


def _profile() -> dict[str, str]:
    """What the files of the AWS command line say of the profile in force."""
    parser = configparser.RawConfigParser(strict=False)
    places = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}
    name, found = _profile_name(), dict[str, str]()
    for variable, default in places.items():
        try:
            parser.read(os.path.expanduser(os.environ.get(variable) or default), "utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
    for section in (name, f"profile {name}"):
        found |= dict(parser.items(section)) if parser.has_section(section) else {}
    return found


def _git_install() -> str:
    """The command of the first package manager that there is."""
    return next(
        (command for name, command in _GIT_INSTALLS.items() if shutil.which(name)), "https://git-scm.com/downloads"
    )


_GIT_INSTALLS = {
    "brew": "brew install git",
    "winget": "winget install --exact --id Git.Git",
    "apt-get": "sudo apt-get install git",
    "dnf": "sudo dnf install git",
    "pacman": "sudo pacman -S git",
    "apk": "sudo apk add git",
}
_UV_INSTALL = (
    'powershell -c "irm https://astral.sh/uv/install.ps1 | iex"'
    if os.name == "nt"
    else "curl -LsSf https://astral.sh/uv/install.sh | sh"
)
_CREDENTIAL_VARIABLES = {
    "AWS_ACCESS_KEY_ID": "keys",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "a web identity",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "a container's role",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "a container's role",
}
_CREDENTIAL_KEYS = {
    "aws_access_key_id": "keys",
    "sso_session": "single sign-on",
    "sso_start_url": "single sign-on",
    "login_session": "a login",
    "role_arn": "a role",
    "credential_process": "a program",
}
_ON_THIS_MACHINE: dict[str, Check] = {
    "Python": _python,
    "git": _git,
    "git identity": _identity,
    "uv": _uv,
    "port": _port,
    "AWS credentials": _credentials,
    "AWS region": _region,
    "project": _project,
}
_ASKED_OF_AWS: dict[str, Check] = {
    "AWS account": _caller,
    "model access": _model_access,
    "AgentCore": _agentcore,
    "key": _key_policy,
    "VPC endpoints": _endpoints,
}
