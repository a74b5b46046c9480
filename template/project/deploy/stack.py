"""`uv run stack`: the agent as a CloudFormation stack, made from the same `deploy.toml` as `uv run deploy`."""

import json
import sys
import time
from typing import Any

from botocore.exceptions import ClientError

from . import logs
from .artifacts import ARTIFACTS
from .command import Context, parser, run
from .config import Config
from .errors import DeployError
from .template import template

Json = dict[str, Any]
POLL_SECONDS = 1


def main() -> int:
    """The console script."""
    options = parser("stack", "Deploy this agent as a CloudFormation stack.")
    options.add_argument("--endpoint", metavar="NAME", default="prod", help="its endpoint (default: %(default)s)")
    options.add_argument("--topic", metavar="ARN", help="the SNS topic that alarms go to")
    options.add_argument("--template", action="store_true", help="upload the package and print the template only")
    options.add_argument("--delete", action="store_true", help="delete the stack")
    return run(options, lambda context: delete(context) if context.options.delete else deploy(context))


def deploy(context: Context) -> Json:
    """Upload the package, then create or update the stack, and wait for it."""
    artifact = ARTIFACTS["code-zip"].publish(context)
    body = template(context.config, artifact, context.options.endpoint, context.options.topic)
    if context.options.template:
        if not context.options.json:
            print(json.dumps(body, indent=2))
        return body
    with context.report.step("Stack") as step:
        stack, changed = _apply(context, body)
        step.note = f"{stack['StackName']} is {stack['StackStatus']}{'' if changed else ', as it was'}"
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    logs.keep(context, outputs["id"], {"DEFAULT", context.options.endpoint})
    return {"stack": stack["StackName"], "changed": changed, **outputs}


def delete(context: Context) -> Json:
    """Delete the stack and everything in it; logs and packages stay until `uv run destroy`."""
    cloudformation, name = context.cloud.client("cloudformation"), stack_name(context.config)
    with context.report.step("Deleted") as step:
        cloudformation.delete_stack(StackName=name)
        while stack := _find(cloudformation, name):
            if stack["StackStatus"].endswith("FAILED"):
                raise DeployError(f"{name} is {stack['StackStatus']}: {stack.get('StackStatusReason')}.")
            time.sleep(POLL_SECONDS)
        step.note = name
    return {"stack": name, "status": "deleted"}


def stack_name(config: Config) -> str:
    """The stack's name: letters, digits and dashes."""
    return config.name.replace("_", "-")


def _apply(context: Context, body: Json) -> tuple[Json, bool]:
    """The stack with this template, settled, and whether anything had to be done."""
    cloudformation, name = context.cloud.client("cloudformation"), stack_name(context.config)
    stack = _settled(cloudformation, name)
    if stack and stack["StackStatus"] in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"):
        delete(context)  # such a stack takes no update
        stack = None
    tags = [{"Key": key, "Value": value} for key, value in context.config.tags.items()]
    request = {"StackName": name, "TemplateBody": json.dumps(body), "Capabilities": ["CAPABILITY_NAMED_IAM"]}
    try:
        if stack:
            cloudformation.update_stack(**request, Tags=tags)
        else:
            cloudformation.create_stack(**request, Tags=tags)
    except ClientError as error:
        if not stack or "No updates are to be performed" not in str(error):
            raise
        return stack, False
    return _complete(cloudformation, name), True


def _settled(cloudformation: Any, name: str) -> Json | None:
    while (stack := _find(cloudformation, name)) and stack["StackStatus"].endswith("IN_PROGRESS"):
        time.sleep(POLL_SECONDS)
    return stack


def _complete(cloudformation: Any, name: str) -> Json:
    stack = _settled(cloudformation, name)
    if not stack or stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        status = stack["StackStatus"] if stack else "gone"
        reason = _first_failure(cloudformation, name)
        raise DeployError(f"The stack {name} is {status}: {reason}.", "Mend it and run `uv run stack` again.")
    return stack


def _find(cloudformation: Any, name: str) -> Json | None:
    try:
        stack: Json = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack


def _first_failure(cloudformation: Any, name: str) -> str:
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
    reasons = [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}" for event in reversed(failed)]
    return reasons[0] if reasons else "no reason given"


if __name__ == "__main__":
    sys.exit(main())
