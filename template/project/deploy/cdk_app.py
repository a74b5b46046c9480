"""The same stack as an AWS CDK app: `npx aws-cdk@2 deploy`. Add constructs of yours to `AgentStack`.

https://docs.aws.amazon.com/cdk/api/v2/python/aws_cdk.cloudformation_include.html
"""

import json
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets
from aws_cdk import cloudformation_include as include
from aws_cdk import custom_resources as custom
from constructs import Construct

from . import template
from .config import OWNER, ROOT, Config, load
from .logs import PREFIX
from .package import Package, build
from .package.build import ENTRY_POINT

FILE = ROOT / "build" / "stack.json"


class AgentStack(cdk.Stack):
    """What `deploy/stack.yaml` and deploy.toml say, its package as an asset, and how long logs are kept."""

    def __init__(self, scope: Construct, config: Config, package: Package) -> None:
        place = cdk.Environment(region=config.region)
        super().__init__(scope, config.stack, env=place, tags=config.tags | OWNER)
        asset = assets.Asset(self, "Package", path=str(package.zip))
        location = {"Bucket": asset.s3_bucket_name, "Prefix": asset.s3_object_key}
        version = f"PYTHON_{config.python.replace('.', '_')}"
        nowhere = {"S3": {"Bucket": "", "Prefix": ""}}  # until the asset has a place
        code = {"EntryPoint": [ENTRY_POINT], "Runtime": version, "Code": nowhere}
        body = template.agent(config, {"CodeConfiguration": code})
        for each in template.parameters(body, config):
            body["Parameters"][each["ParameterKey"]]["Default"] = each["ParameterValue"]
        FILE.write_text(json.dumps(body), encoding="utf-8")
        self.agent = include.CfnInclude(self, "Agent", template_file=str(FILE))
        runtime: Any = self.agent.get_resource("Runtime")
        runtime.add_property_override("AgentRuntimeArtifact.CodeConfiguration.Code.S3", location)
        for endpoint in ("DEFAULT", *template.endpoints(body)):
            group = f"{PREFIX}{runtime.attr_agent_runtime_id}-{endpoint}"
            kept = _keep_logs(self, group, endpoint, config.log_days)
            if config.kms_key:
                _encrypt_logs(self, group, endpoint, config.kms_key).node.add_dependency(kept)


def _keep_logs(stack: cdk.Stack, group: str, endpoint: str, days: int) -> Construct:
    """AgentCore makes the log group; this sets how long it keeps."""
    retention = logs.LogRetention(
        stack, f"Logs{endpoint}", log_group_name=group, retention=logs.RetentionDays.ONE_MONTH
    )
    resource: Any = retention.node.find_child("Resource")
    resource.add_property_override("RetentionInDays", days)
    return retention


def _encrypt_logs(stack: cdk.Stack, group: str, endpoint: str, key: str) -> Construct:
    """What CloudFormation has no property for: a key for a log group that exists."""
    place = {"logGroupName": group}
    made = custom.PhysicalResourceId.of(f"{group}-key")
    service = "CloudWatchLogs"
    use = custom.AwsSdkCall(
        service=service, action="associateKmsKey", parameters=place | {"kmsKeyId": key}, physical_resource_id=made
    )
    leave = custom.AwsSdkCall(service=service, action="disassociateKmsKey", parameters=place)
    where = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:{group}"
    allowed = custom.AwsCustomResourcePolicy.from_sdk_calls(resources=[where, f"{where}:*"])
    return custom.AwsCustomResource(stack, f"Key{endpoint}", on_update=use, on_delete=leave, policy=allowed)


def main() -> None:
    """Synthesise the stack for the account and region of the caller."""
    config = load()
    app = cdk.App()
    AgentStack(app, config, build(config))
    app.synth()


if __name__ == "__main__":
    main()
