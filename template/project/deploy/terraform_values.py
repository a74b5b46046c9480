"""`uv run package`: builds the package, and writes what deploy.toml and the policies say for `deploy/terraform`."""

import json
import re
import sys
from typing import Any

from . import logs, policies, template
from .command import Context, parser, run
from .config import PROJECT, ROOT, Config
from .package import Package, build
from .package.build import ENTRY_POINT

Json = dict[str, Any]
FILE = ROOT / "deploy" / "terraform" / "agent.auto.tfvars.json"
OWNER = {"managed-by": f"{PROJECT}/terraform"}
WORD = re.compile("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def main() -> int:
    """The console script."""
    options = parser("package", "Build the package, and write the values for `terraform apply`.")
    options.add_argument("--keep-logs", metavar="RUNTIME_ID", help="set how long its log is kept, and stop")
    return run(options, write)


def write(context: Context) -> Json | None:
    """Build and write; no AWS account is needed. The values are returned."""
    if context.options.keep_logs:
        logs.keep(context, context.options.keep_logs, {"DEFAULT", "prod"})
        return None
    with context.report.step("Package") as step:
        package = build(context.config)
        step.note = str(package.zip.relative_to(ROOT))
    found = values(context.config, package) | {"environment": context.options.environment}
    FILE.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    following = "`terraform -chdir=deploy/terraform apply`, the first time after `init`"
    context.report.say(f"Values: {FILE.relative_to(ROOT)}. Next: {following}.")
    return found


def values(config: Config, package: Package) -> Json:
    """What the variables of `deploy/terraform` are. One that is not there has its default."""
    given = template.parameters(template.load("stack*.yaml", config), config)
    limits = {respelt(each["ParameterKey"]): each["ParameterValue"] for each in given if each["ParameterValue"]}
    code: Json = {"file": package.zip.relative_to(ROOT).as_posix(), "digest": package.digest[:32]}
    code |= {"runtime": f"PYTHON_{config.python.replace('.', '_')}", "entry_point": [ENTRY_POINT]}
    role = {"execution": policies.execution(config), "trust": policies.load("trust", config)}
    return {
        "region": config.region,
        "tags": config.tags | OWNER,
        "runtime": _runtime(config),
        "policies": {name: json.dumps(policy) for name, policy in role.items()},
        "dashboard": _dashboard(config),
        "package": code,
        "bucket": config.bucket,
        "kms_key": config.kms_key,
        "log_days": config.log_days,
        **limits,
    }


def _runtime(config: Config) -> Json:
    """CloudFormation's properties under awscc's names. Names of environment variables stay as they are."""
    return {respelt(name): _respelt(each, name) for name, each in config.runtime.items()}


def _respelt(value: Any, where: str) -> Any:
    if isinstance(value, dict) and where != "EnvironmentVariables":
        return {respelt(name): _respelt(each, name) for name, each in value.items()}
    return [_respelt(each, where) for each in value] if isinstance(value, list) else value


def respelt(name: str) -> str:
    """`CustomJWTAuthorizer` is `custom_jwt_authorizer` in Terraform."""
    return WORD.sub("_", name).lower()


def _dashboard(config: Config) -> str | None:
    """The body of the dashboard, if the project has one."""
    found = template.load("stack-dashboard*.yaml", config).get("Resources", {})
    bodies = [each["Properties"]["DashboardBody"]["Fn::Sub"] for each in found.values()]
    return bodies[0].replace("${AWS::Region}", config.region) if bodies else None


if __name__ == "__main__":
    sys.exit(main())
