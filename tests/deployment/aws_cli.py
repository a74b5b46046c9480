"""As much of the AWS CLI as the documentation uses: `python aws_cli.py SERVICE OPERATION --name VALUE …`, over boto3.

https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters.html
"""

import json
import sys
from pathlib import Path
from typing import Any

import boto3
import jmespath
from botocore import xform_name
from botocore.model import Shape


def main(service: str, operation: str, *options: str) -> None:
    """Call an operation, or `wait` for what is named next."""
    client = boto3.client(service)
    if operation == "wait":
        waiter = client.get_waiter(xform_name(options[0].replace("-", "_")))
        names = {f"--{xform_name(name, '-')}": name for name in ("StackName", "ChangeSetName")}
        given = {names[key]: value for key, value in _pairs(options[1:])}
        return waiter.wait(**given, WaiterConfig={"Delay": 1})
    given = dict(_pairs(options))
    query, form = given.pop("--query", ""), given.pop("--output", "json")
    method = operation.replace("-", "_")
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]).input_shape
    members = {f"--{xform_name(name, '-')}": name for name in shape.members}
    wanted = {members[key]: _value(shape.members[members[key]], text) for key, text in given.items()}
    answer = getattr(client, method)(**wanted)
    found = jmespath.search(query, answer) if query else answer
    print(found if form == "text" else json.dumps(found, default=str))


def _pairs(options: tuple[str, ...]) -> list[tuple[str, str]]:
    return list(zip(options[::2], options[1::2], strict=True))


def _value(shape: Shape, text: str) -> Any:
    content = Path(text.removeprefix("file://")).read_text() if text.startswith("file://") else text
    if shape.type_name == "string":
        return content
    return json.loads(content) if content.startswith(("[", "{")) else content.split()


if __name__ == "__main__":
    main(*sys.argv[1:])
