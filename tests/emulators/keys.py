"""What moto's CloudWatch Logs lacks: log groups under a key of KMS, which must let CloudWatch Logs use it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
"""

import json
from fnmatch import fnmatchcase
from typing import Any

from moto.kms.models import kms_backends
from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.responses import LogsResponse

ACTIONS = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:DescribeKey")
REFUSED = "The specified KMS Key Id could not be found or Arn is invalid or the key may not be used by CloudWatch Logs."


def install() -> None:
    """Teach moto the two operations."""
    LogsResponse.associate_kms_key = _associate  # type: ignore[attr-defined]
    LogsResponse.disassociate_kms_key = _disassociate  # type: ignore[attr-defined]


def _associate(self: Any) -> str:
    group, arn = _group(self), self._get_param("kmsKeyId")
    if not _usable(self, arn):
        raise InvalidParameterException(REFUSED)
    group.kms_key_id = arn
    return ""


def _disassociate(self: Any) -> str:
    _group(self).kms_key_id = None
    return ""


def _group(self: Any) -> Any:
    found = self.logs_backend.groups.get(self._get_param("logGroupName"))
    if found is None:
        raise ResourceNotFoundException
    return found


def _usable(self: Any, arn: str) -> bool:
    key = kms_backends[self.current_account][self.region].keys.get(arn.rpartition("/")[2])
    if not key or not key.enabled or not arn.startswith("arn:"):
        return False
    principal = f"logs.{self.region}.amazonaws.com"
    allowed = [each for each in json.loads(key.policy)["Statement"] if principal in _services(each)]
    patterns = [action for each in allowed if each["Effect"] == "Allow" for action in _texts(each["Action"])]
    return all(any(fnmatchcase(action, pattern) for pattern in patterns) for action in ACTIONS)


def _services(statement: Any) -> list[str]:
    principal = statement.get("Principal", {})
    return _texts(principal.get("Service", [])) if isinstance(principal, dict) else []


def _texts(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
