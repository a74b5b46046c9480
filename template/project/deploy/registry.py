"""The ECR repository for the agent's images: the one named in deploy.toml, or one of our own."""

from collections.abc import Callable
from functools import partial
from typing import Any

from .cloud import Cloud
from .config import OWNER, PROJECT, Config
from .errors import DeployError


def repository(config: Config) -> str:
    """Its name."""
    return config.repository or config.name.lower()


def uri(cloud: Cloud, config: Config) -> str:
    """What images in it are called, without the tag."""
    domain = "amazonaws.com.cn" if cloud.region.startswith("cn-") else "amazonaws.com"
    return f"{cloud.account.lower()}.dkr.ecr.{cloud.region}.{domain}/{repository(config)}"


def ensure(cloud: Cloud, config: Config) -> None:
    """Make our repository, unless it is there. Its tags stand for content, so they never move."""
    if config.repository or _find(cloud, config):
        return
    cloud.client("ecr").create_repository(
        repositoryName=repository(config),
        imageTagMutability="IMMUTABLE",
        imageScanningConfiguration={"scanOnPush": True},
        tags=[{"Key": key, "Value": value} for key, value in (config.tags | OWNER).items()],
    )


def holds(cloud: Cloud, config: Config, tag: str) -> bool:
    """Whether an image has this tag."""
    ecr = cloud.client("ecr")
    try:
        ecr.describe_images(repositoryName=repository(config), imageIds=[{"imageTag": tag}])
    except ecr.exceptions.ImageNotFoundException:
        return False
    return True


def removals(cloud: Cloud, config: Config) -> dict[str, Callable[[], Any]]:
    """Our repository with every image in it."""
    if config.repository or not _find(cloud, config):
        return {}
    name = repository(config)
    return {
        f"repository {name} and its images": partial(
            cloud.client("ecr").delete_repository, repositoryName=name, force=True
        )
    }


def _find(cloud: Cloud, config: Config) -> dict[str, Any] | None:
    """Our repository. One of the same name that something else made is an error, for it may not be touched."""
    ecr, name = cloud.client("ecr"), repository(config)
    try:
        found: dict[str, Any] = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
    except ecr.exceptions.RepositoryNotFoundException:
        return None
    tags = ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]
    if not OWNER.items() <= {tag["Key"]: tag["Value"] for tag in tags}.items():
        hint = "Name the repository to use in deploy.toml (`repository`), or choose another `name`."
        raise DeployError(f"The repository {name} exists, and {PROJECT} did not make it.", hint)
    return found
