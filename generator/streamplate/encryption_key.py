"""Whether the KMS key that a project's deploy.toml names can be used for what the stack keeps."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

from streamplate.errors import StreamplateError

LOG_ACTIONS = [
    f"kms:{name}" for name in ("Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey", "DescribeKey")
]
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"""


def look(kms: Any, arn: str) -> str:
    """What was found. Raises `StreamplateError`, with what to add to the key's policy, if it cannot be used."""
    _check_kind(kms.describe_key(KeyId=arn)["KeyMetadata"], arn)
    account = arn.split(":")[4]
    policy = json.loads(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
    wanted = {"CloudWatch Logs": _for_logs(arn), "IAM": _for_iam(arn, account)}
    missing = {who: statement for who, statement in wanted.items() if not _allows(policy, statement)}
    if missing:
        fix = f"Add to its policy: {', '.join(map(json.dumps, missing.values()))}"
        raise StreamplateError(f"{arn}: its policy does not let {' and '.join(missing)} decide on its use", fix)
    return f"{arn} can be used by CloudWatch Logs, and by whom IAM allows it"


def _check_kind(key: dict[str, Any], arn: str) -> None:
    if key["KeyState"] != "Enabled":
        fix = f"aws kms enable-key --key-id {arn}"
        raise StreamplateError(f"{arn} is {key['KeyState']}", fix)
    if key.get("KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
        raise StreamplateError(
            f"{arn} is a key of {key['KeySpec']}", "Name a symmetric key for encryption in deploy.toml"
        )


def _for_logs(arn: str) -> dict[str, Any]:
    _, partition, _, region, account, _ = arn.split(":", 5)
    group = f"arn:{partition}:logs:{region}:{account}:log-group:/aws/bedrock-agentcore/runtimes/*"
    return {
        "Sid": "AgentLogs",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{region}.amazonaws.com"},
        "Action": LOG_ACTIONS,
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": group}},
    }


def _for_iam(arn: str, account: str) -> dict[str, Any]:
    root = f"arn:{arn.split(':')[1]}:iam::{account}:root"
    return {"Sid": "IAM", "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}


def _allows(policy: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether one statement gives the principal all of the actions. What conditions say is not looked at."""
    ((kind, who),) = wanted["Principal"].items()
    return any(
        each["Effect"] == "Allow" and _names(each.get("Principal"), kind, who) and _covers(each.get("Action"), wanted)
        for each in _texts(policy["Statement"])
    )


def _names(principal: Any, kind: str, who: str) -> bool:
    known = _texts(principal.get(kind, [])) if isinstance(principal, dict) else []
    return bool({who, "*", who.rpartition("::")[2].removesuffix(":root")} & set(known))


def _covers(actions: Any, wanted: dict[str, Any]) -> bool:
    return all(any(fnmatchcase(each, have) for have in _texts(actions or [])) for each in _texts(wanted["Action"]))


def _texts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
