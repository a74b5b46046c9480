"""The bucket for code packages, and the packages in it. A package's key is the digest of what it was built from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from . import policies
from .cloud import Cloud
from .config import Config

BUCKET_OWNER = {"managed-by": "agentcore-deploy"}  # shared by the agents of an account: no project's own tag


def upload(cloud: Cloud, config: Config, package: Path, key: str) -> bool:
    """Put the package under `key`, unless it is there; returns whether it had to be sent."""
    s3, bucket = cloud.client("s3"), policies.bucket_name(cloud, config)
    if not config.bucket:
        _ensure_bucket(s3, cloud, bucket)
    if _exists(s3, cloud, bucket, key):
        return False
    s3.upload_file(str(package), bucket, key, ExtraArgs={"ExpectedBucketOwner": cloud.account})
    return True


def _exists(s3: Any, cloud: Cloud, bucket: str, key: str | None = None) -> bool:
    try:
        if key:
            s3.head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=cloud.account)
        else:
            s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=cloud.account)
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":
            return False
        raise
    return True


def _ensure_bucket(s3: Any, cloud: Cloud, bucket: str) -> None:
    """Make our bucket, or finish making it: the tag comes last, and says that it is done."""
    if _tags(s3, cloud, bucket):
        return
    if not _exists(s3, cloud, bucket):
        elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": cloud.region}}
        s3.create_bucket(Bucket=bucket, **({} if cloud.region == "us-east-1" else elsewhere))
    private = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(private, True))
    rule = {"ID": "broken-uploads", "Status": "Enabled", "Filter": {"Prefix": ""}}
    rule |= {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    tags = [{"Key": key, "Value": value} for key, value in BUCKET_OWNER.items()]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})


def removals(cloud: Cloud, config: Config) -> dict[str, Callable[[], Any]]:
    """This agent's packages, and the bucket too when it is ours and holds nothing else."""
    keys, bucket = packages(cloud, config), policies.bucket_name(cloud, config)
    found: dict[str, Callable[[], Any]] = {}
    if keys:
        what = f"every package in s3://{bucket}/{config.name}/ ({len(keys)})"
        found[what] = lambda: delete(cloud, config, keys)
    if holds_nothing_else(cloud, config, keys):
        found[f"bucket {bucket}"] = lambda: delete_bucket(cloud, config)
    return found


def packages(cloud: Cloud, config: Config) -> list[str]:
    """The keys of this agent's packages."""
    s3, bucket = cloud.client("s3"), policies.bucket_name(cloud, config)
    if not _exists(s3, cloud, bucket):
        return []
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=f"{config.name}/", ExpectedBucketOwner=cloud.account
    )
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def delete(cloud: Cloud, config: Config, keys: list[str]) -> None:
    """Remove these packages."""
    s3, bucket = cloud.client("s3"), policies.bucket_name(cloud, config)
    for key in keys:
        s3.delete_object(Bucket=bucket, Key=key, ExpectedBucketOwner=cloud.account)


def holds_nothing_else(cloud: Cloud, config: Config, keys: list[str]) -> bool:
    """Whether the bucket is ours, and would be empty without these packages."""
    s3, bucket = cloud.client("s3"), policies.bucket_name(cloud, config)
    if not BUCKET_OWNER.items() <= _tags(s3, cloud, bucket).items():
        return False
    page = s3.list_objects_v2(Bucket=bucket, MaxKeys=len(keys) + 1, ExpectedBucketOwner=cloud.account)
    return {item["Key"] for item in page.get("Contents", [])} <= set(keys)


def delete_bucket(cloud: Cloud, config: Config) -> None:
    """Remove the bucket, which must be empty."""
    bucket = policies.bucket_name(cloud, config)
    cloud.client("s3").delete_bucket(Bucket=bucket, ExpectedBucketOwner=cloud.account)


def _tags(s3: Any, cloud: Cloud, bucket: str) -> dict[str, str]:
    """The bucket's tags; none, too, where there is no bucket."""
    try:
        tags = s3.get_bucket_tagging(Bucket=bucket, ExpectedBucketOwner=cloud.account)["TagSet"]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchTagSet", "NoSuchBucket"):
            return {}
        raise
    return {tag["Key"]: tag["Value"] for tag in tags}
