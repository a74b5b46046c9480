"""What is old is removed, and never what an endpoint serves or an environment runs."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from tests.emulators.agentcore import Emulator
from tests.emulators.stacks import CloudFormation

from .projects import Project
from .test_container import image_of, put_image


def change(project: Project, text: str) -> None:
    prompt = project.path / "src" / "my_agent" / "prompt.py"
    prompt.write_text(f"{prompt.read_text()}\n# {text}\n")


def deployed(project: Project, *arguments: str) -> Any:
    return project.run("deploy", "--no-check", "--json", *arguments).json


def packages(stacks: CloudFormation, name: str = "my_agent") -> set[str]:
    bucket = stacks.stacks["my-agent-artifacts"].resources["Bucket"].physical_id
    found = boto3.client("s3").list_objects_v2(Bucket=bucket, Prefix=f"{name}/")
    return {each["Key"] for each in found.get("Contents", [])}


def key_of(config: Any) -> str:
    key: str = config["agentRuntimeArtifact"]["codeConfiguration"]["code"]["s3"]["prefix"]
    return key


def versions(cloud: Emulator, name: str = "my_agent") -> list[str]:
    (runtime,) = [each for each in cloud.account.runtimes.values() if each.name == name]
    control = boto3.client("bedrock-agentcore-control")
    found = control.list_agent_runtime_versions(agentRuntimeId=runtime.id)["agentRuntimes"]
    return [each["agentRuntimeVersion"] for each in found if each["status"] != "DELETING"]


def test_old_versions_and_packages_go_but_for_what_is_served_or_run(
    project: Project, cloud: Emulator, stacks: CloudFormation
) -> None:
    project.configure("[environments.prod]\nlog_days = 365\n", keep_versions=2)
    assert deployed(project, "--endpoint", "prod")["removed"] == []  # prod serves 1, the environment prod runs 2
    change(project, "second")
    assert deployed(project)["removed"] == []
    assert deployed(project, "--to", "prod")["removed"] == []
    change(project, "third")
    assert deployed(project)["removed"] == []
    change(project, "fourth")
    told = project.run("deploy", "--no-check")
    assert "Removed, for it is old and nothing runs it: version 2." in told.err
    change(project, "fifth")
    result = deployed(project)
    assert result["removed"][0] == "version 3"
    assert sorted(versions(cloud)) == ["1", "4", "5"]
    (dev,) = [each for each in cloud.account.runtimes.values() if each.name == "my_agent"]
    (prod,) = [each for each in cloud.account.runtimes.values() if each.name == "my_agent_prod"]
    run = {key_of(each.config) for each in (*dev.versions, *prod.versions) if each.number != "3"}
    assert packages(stacks) == run
    assert len(run) == 4
    assert len(result["removed"]) == 2  # the version, and its package

    assert deployed(project, "--endpoint", "prod", "--version", "1")["version"] == "1"
    assert project.run("invoke", "--endpoint", "prod", "hello").code == 0


def test_what_an_environment_runs_stays_when_deploy_toml_forgets_it(
    project: Project, cloud: Emulator, stacks: CloudFormation
) -> None:
    project.configure("[environments.prod]\nlog_days = 365\n", keep_versions=1)
    deployed(project)
    deployed(project, "--to", "prod")
    file = project.path / "deploy.toml"
    file.write_text(file.read_text().partition("[environments.prod]")[0])
    (prod,) = [each for each in cloud.account.runtimes.values() if each.name == "my_agent_prod"]
    for text in ("second", "third"):
        change(project, text)
        deployed(project)
    assert key_of(prod.latest.config) in packages(stacks)
    assert len(packages(stacks)) == 2
    assert versions(cloud) == ["3", "1"]  # the endpoint prod serves 1
    assert versions(cloud, "my_agent_prod") == ["1"]


def test_what_the_template_names_stays_for_a_roll_back(
    project: Project, cloud: Emulator, stacks: CloudFormation
) -> None:
    project.configure(keep_versions=1)
    deployed(project)
    (runtime,) = cloud.account.runtimes.values()
    stacks_own = key_of(runtime.latest.config)
    for text in ("second", "third"):
        change(project, text)
        fast = project.run("deploy", "--fast", "--json").json
    assert [each for each in fast["removed"] if each.startswith("version")] == ["version 2"]
    assert packages(stacks) == {stacks_own, key_of(runtime.latest.config)}


def test_a_failure_to_remove_does_not_fail_what_was_deployed(project: Project, cloud: Emulator) -> None:
    project.configure(keep_versions=1)
    deployed(project)
    change(project, "second")
    deployed(project)
    change(project, "third")
    cloud.faults.add("DeleteAgentRuntime", "AccessDeniedException", times=9)
    done = project.run("deploy", "--no-check")
    assert (done.code, "What is old was not removed: " in done.err) == (0, True)
    assert versions(cloud) == ["3", "2", "1"]


def test_a_bucket_of_yours_is_left_alone(project: Project, cloud: Emulator) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="ours", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    project.configure(bucket="ours", keep_versions=1)
    deployed(project)
    change(project, "second")
    deployed(project)
    change(project, "third")
    assert deployed(project)["removed"] == ["version 2"]
    assert s3.list_objects_v2(Bucket="ours")["KeyCount"] == 3


def test_images_that_nothing_runs_go(variant: Callable[..., Project], cloud: Emulator) -> None:
    project = variant(deployment=["container"])
    project.configure(keep_versions=1)
    images = []
    for text in ("second", "third", "fourth"):
        removed = deployed(project)["removed"]
        images.append(image_of(cloud))
        put_image(images[-1])  # a build would have pushed it
        change(project, text)
    assert removed == ["version 2"]  # the newest image is the second, for the third is not there yet
    assert deployed(project)["removed"] == ["version 3", images[1]]
    left = boto3.client("ecr").describe_images(repositoryName="my_agent-images")["imageDetails"]
    assert {each["imageTags"][0] for each in left} == {images[n].rpartition(":")[2] for n in (0, 2)}


@pytest.mark.parametrize("bad", [0, 1001])
def test_how_many_are_kept_is_a_number_that_makes_sense(project: Project, bad: int) -> None:
    project.configure(keep_versions=bad)
    assert "`keep_versions`: " in project.run("deploy", "--dry-run").err
