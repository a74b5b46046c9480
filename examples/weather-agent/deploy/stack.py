"""One CloudFormation stack: changed by change sets, which show first what they would do."""

import json
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from .command import Context
from .config import OWNER
from .errors import DeployError

Json = dict[str, Any]
POLL_SECONDS = 0.2
NEVER_MADE = ("REVIEW_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")
NOTHING = re.compile("didn't contain changes|No updates are to be performed")
RISKY = "This would replace or remove what callers may use: {0}."


class Stack:
    """The agent's stack, or one beside it, whether it is there or not."""

    def __init__(self, context: Context, beside: str = "") -> None:
        self.context, self.name = context, f"{context.config.stack}{beside}"
        self.client = context.client("cloudformation")

    def find(self) -> Json | None:
        """What CloudFormation says of it; None where there is none."""
        try:
            found: Json = self.client.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        tags = {each["Key"]: each["Value"] for each in found.get("Tags", [])}
        if tags.get("managed-by", OWNER["managed-by"]) != OWNER["managed-by"]:
            problem = f"The stack {self.name} was made by {tags['managed-by']}."
            raise DeployError(problem, "Choose another `name` in deploy.toml.")
        return found

    def outputs(self) -> dict[str, str]:
        """Its outputs; none where there is no stack."""
        return {each["OutputKey"]: each["OutputValue"] for each in (self.find() or {}).get("Outputs", [])}

    def resources(self) -> dict[str, str]:
        """What it made: physical ids by the names in the template."""
        rows = self.client.describe_stack_resources(StackName=self.name)["StackResources"] if self.find() else []
        return {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in rows}

    def template(self) -> Json:
        """The template that it was made from."""
        found: Json = self.client.get_template(StackName=self.name)["TemplateBody"]
        return found

    def artifact(self) -> Json:
        """The package or image of its runtime, as the template says; `--fast` may have put another there."""
        found: Json = self.template()["Resources"]["Runtime"]["Properties"]["AgentRuntimeArtifact"]
        return found

    def settled(self, progress: Callable[[str], None] = lambda status: None) -> Json | None:
        """The stack once CloudFormation is done with it."""
        while (stack := self.find()) and stack["StackStatus"].endswith("PROGRESS"):
            if stack["StackStatus"] == "REVIEW_IN_PROGRESS":
                break  # nobody works on it: a change set of it waits
            progress(stack["StackStatus"])
            time.sleep(POLL_SECONDS)
        return stack

    def apply(self, body: Json, parameters: list[Json]) -> bool:
        """Make it what the template says; returns whether anything had to be done."""
        wanted = self._change_set(body, parameters)
        if wanted:
            self._agree(wanted)
        with self.context.report.step(f"Stack {self.name}") as step:
            step.note = "as it was"
            if wanted:
                self.client.execute_change_set(ChangeSetName=wanted["ChangeSetId"])
                step.note = self._complete(self.settled(step.progress))
        return wanted is not None

    def preview(self, body: Json, parameters: list[Json]) -> list[Json]:
        """Show what `apply` would change, and return it. Nothing is left of the question."""
        wanted = self._change_set(body, parameters)
        if wanted:
            self.client.delete_change_set(ChangeSetName=wanted["ChangeSetId"], StackName=self.name)
        if (self.find() or {}).get("StackStatus") == "REVIEW_IN_PROGRESS":
            self.client.delete_stack(StackName=self.name)
        return self._shown(wanted) if wanted else []

    def delete(self) -> None:
        """Remove it with all that it made."""
        self.client.delete_stack(StackName=self.name)
        if (stack := self.settled()) and stack["StackStatus"] != "REVIEW_IN_PROGRESS":
            raise DeployError(f"The stack {self.name} is {stack['StackStatus']}: {self._failure()}.")

    def drift(self) -> Iterator[Json]:
        """What was changed elsewhere: resource, property, what the template says, and what is there."""
        detection = self.client.detect_stack_drift(StackName=self.name)["StackDriftDetectionId"]
        ask = self.client.describe_stack_drift_detection_status
        while ask(StackDriftDetectionId=detection)["DetectionStatus"].endswith("PROGRESS"):
            time.sleep(POLL_SECONDS)
        kinds = {"StackName": self.name, "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"]}
        for row in self.client.describe_stack_resource_drifts(**kinds)["StackResourceDrifts"]:
            what = {"resource": row["LogicalResourceId"], "status": row["StackResourceDriftStatus"]}
            for each in row.get("PropertyDifferences") or [{}]:
                yield what | {"property": each.get("PropertyPath"), "is": each.get("ActualValue")}

    def _change_set(self, body: Json, parameters: list[Json]) -> Json | None:
        """A change set that waits to be executed; None where nothing would change."""
        stack = self.settled()
        if stack and stack["StackStatus"] in NEVER_MADE:
            self.delete()  # such a stack takes no update, and holds nothing
            stack = None
        config = self.context.config
        more = {"RoleARN": config.cloudformation_role} if config.cloudformation_role else {}
        more |= {"DeploymentMode": "REVERT_DRIFT"} if stack else {}
        made = self.client.create_change_set(
            StackName=self.name,
            ChangeSetName=f"deploy-{time.time_ns()}",
            ChangeSetType="UPDATE" if stack else "CREATE",
            TemplateBody=json.dumps(body),
            Parameters=parameters,
            Tags=[{"Key": key, "Value": value} for key, value in (config.tags | OWNER).items()],
            Capabilities=["CAPABILITY_NAMED_IAM"],
            **more,
        )
        describe = partial(self.client.describe_change_set, ChangeSetName=made["Id"])
        while (found := Json(describe()))["Status"].endswith(("PENDING", "PROGRESS")):
            time.sleep(POLL_SECONDS)
        if found["Status"] == "CREATE_COMPLETE":
            return found
        self.client.delete_change_set(ChangeSetName=made["Id"], StackName=self.name)
        if NOTHING.search(found.get("StatusReason", "")):
            return None
        raise DeployError(f"CloudFormation refuses the template: {found.get('StatusReason')}")

    def _shown(self, change_set: Json) -> list[Json]:
        changes = list(_changes(change_set))
        for each in changes:
            self.context.report.say(f"  {each['action']:<8} {each['resource']} {each['what']}".rstrip())
        return changes

    def _agree(self, wanted: Json) -> None:
        """Show what changes; ask where something that is there would go."""
        risky = [each["resource"] for each in self._shown(wanted) if each["action"] in ("Replace", "Remove")]
        if risky:
            self.context.confirm(RISKY.format(", ".join(risky)))

    def _complete(self, stack: Json | None) -> str:
        status = stack["StackStatus"] if stack else "gone"
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            why = self._failure()
            what = "What was there goes on as before: mend it and deploy again."
            if "platform" in why.lower():
                what += ' Where a region lacks platform version 2, set platform_version = "V1" in deploy.toml.'
            raise DeployError(f"The stack {self.name} is {status}: {why}.", what)
        return status

    def _failure(self) -> str:
        """What failed first in the last operation, which began with the stack's own event."""
        reasons = ["no reason given"]
        for event in self.client.describe_stack_events(StackName=self.name)["StackEvents"]:
            name, status = event["LogicalResourceId"], event["ResourceStatus"]
            if name == self.name and re.fullmatch("[A-Z]+_IN_PROGRESS", status) and "ROLLBACK" not in status:
                break
            if status.endswith("FAILED"):
                reasons.append(f"{name}: {event.get('ResourceStatusReason')}")
        return reasons[-1]


def _changes(change_set: Json) -> Iterator[dict[str, str]]:
    """One row a resource: what becomes of it, and which of its properties change."""
    for change in (each["ResourceChange"] for each in change_set["Changes"]):
        names = [each["Target"].get("Name", each["Target"]["Attribute"]) for each in change.get("Details", [])]
        replaced = change["Action"] == "Modify" and change.get("Replacement") == "True"
        drifted = " (changed elsewhere: taken back)" if "ResourceDriftStatus" in change else ""
        yield {
            "action": "Replace" if replaced else change["Action"],
            "resource": change["LogicalResourceId"],
            "what": ", ".join(dict.fromkeys(names)) + drifted,
        }
