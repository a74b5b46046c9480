"""Where packages are kept: the bucket of the stack NAME-artifacts, or one of yours. A package's key is its digest."""

from operator import itemgetter
from pathlib import Path

from botocore.exceptions import ClientError

from . import template
from .command import Context
from .stack import Stack


def ensure(context: Context) -> dict[str, str]:
    """The outputs of the stack that keeps packages and images, made if it is missing."""
    config, body = context.config, template.load("artifacts*.yaml", context.config)
    if config.bucket and len(body["Resources"]) == 2:
        return {"bucket": config.bucket}
    stack = Stack(context, "-artifacts")
    stack.apply(body, template.parameters(body, config))
    return stack.outputs()


def bucket(context: Context) -> str | None:
    """The project's own bucket, if it is there."""
    return Stack(context, "-artifacts").outputs().get("bucket")


def upload(context: Context, bucket: str, file: Path, key: str) -> bool:
    """Put the file under `key`, unless it is there; returns whether it had to be sent."""
    s3, owner = context.client("s3"), {"ExpectedBucketOwner": context.account}
    try:
        s3.head_object(Bucket=bucket, Key=key, **owner)
    except ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
        s3.upload_file(str(file), bucket, key, ExtraArgs=owner)
        return True
    return False


def packages(context: Context, bucket: str) -> list[str]:
    """The keys of this agent's packages, newest first."""
    ours = {"Bucket": bucket, "Prefix": f"{context.config.name}/", "ExpectedBucketOwner": context.account}
    pages = context.client("s3").get_paginator("list_objects_v2").paginate(**ours)
    found = [item for page in pages for item in page.get("Contents", [])]
    return [item["Key"] for item in sorted(found, key=itemgetter("LastModified"), reverse=True)]


def remove(context: Context, bucket: str, keys: list[str]) -> None:
    """Remove these packages."""
    for key in keys:
        context.client("s3").delete_object(Bucket=bucket, Key=key, ExpectedBucketOwner=context.account)
