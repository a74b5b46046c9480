"""Where packages are kept: the bucket of the stack NAME-artifacts, or one of yours. A package's key is its digest."""

from collections.abc import Callable
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

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


def packages(context: Context) -> dict[str, Callable[[], Any]]:
    """The keys of this agent's packages, newest first, each with what removes it."""
    bucket = Stack(context, "-artifacts").outputs().get("bucket") or context.config.bucket
    if not bucket:
        return {}
    s3, place = context.client("s3"), {"Bucket": bucket, "ExpectedBucketOwner": context.account}
    pages = s3.get_paginator("list_objects_v2").paginate(**place, Prefix=f"{context.config.name}/")
    found = [item for page in pages for item in page.get("Contents", [])]
    newest = sorted(found, key=itemgetter("LastModified"), reverse=True)
    return {item["Key"]: partial(s3.delete_object, Key=item["Key"], **place) for item in newest}
