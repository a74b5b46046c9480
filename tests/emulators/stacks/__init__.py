"""AWS CloudFormation on loopback: stacks are changed by change sets, and their resources really exist.

It is driven by botocore's service model, as `tests.emulators.agentcore` is. A template's resources are held to the
resource schemas that cfn-lint carries (unknown, read-only, missing and malformed properties), and made in the account
that it is given: moto for IAM, S3, ECR, CodeBuild and CloudWatch, our own emulator for AgentCore.

What a deployer meets on the service, it meets here: a stack in REVIEW_IN_PROGRESS before its first change set is
executed; change sets that fail because nothing changes; replacements; a failed creation rolled back to
ROLLBACK_COMPLETE, which takes no update; a failed update rolled back to what was; a bucket that is not empty and so
not deleted; drift, and change sets that take it back (REVERT_DRIFT); resources made elsewhere and imported; tags of the
stack on its resources; the service role.

Guessed: the wording of most reasons. Not done: nested stacks, transforms, exports, stack policies, quotas, waiting for
AWS::CloudFormation::WaitCondition, the permissions of the service role (only that CloudFormation may assume it).
"""

from .server import CloudFormation, cloudformation

__all__ = ["CloudFormation", "cloudformation"]
