"""What the agent writes of each run, and the alarms and the dashboard that are built on it."""

import json
import time
from typing import Any

import boto3
import pytest

from tests.emulators.agentcore import Emulator
from tests.emulators.stacks.cloudwatch import check_alarm, check_dashboard
from tests.emulators.stacks.errors import ResourceFailure

from .projects import Project
from .test_stack import lint, plan

Json = dict[str, Any]


def written(group: str) -> set[tuple[str, str]]:
    """The metrics that CloudWatch makes of a log: namespace and name. It drops one that its line has no number for."""
    found = set()
    for event in boto3.client("logs").filter_log_events(logGroupName=group)["events"]:
        line = json.loads(event["message"]) if event["message"].startswith('{"') else {}
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
            assert all(name in line for names in directive["Dimensions"] for name in names)
            assert time.time() * 1000 - line["_aws"]["Timestamp"] < 1_209_600_000
            numbers = [each["Name"] for each in directive["Metrics"] if isinstance(line[each["Name"]], int | float)]
            found |= {(directive["Namespace"], name) for name in numbers}
    return found


def watched(alarms: list[Json]) -> set[tuple[str, str]]:
    stats = [query["MetricStat"]["Metric"] for each in alarms for query in each["Metrics"] if "MetricStat" in query]
    return {(each["Namespace"], each["MetricName"]) for each in [*alarms, *stats] if "MetricName" in each}


def test_alarms_and_dashboard_are_built_on_what_the_agent_writes(project: Project, cloud: Emulator) -> None:
    project.configure("[parameters]\nMaxTokensADay = '1000000'\n")
    assert project.run("deploy").code == 0
    (runtime,) = cloud.account.runtimes
    logs, watch = boto3.client("logs"), boto3.client("cloudwatch")
    metrics = written(f"/aws/bedrock-agentcore/runtimes/{runtime}-DEFAULT")
    assert {namespace for namespace, _ in metrics} == {"my_agent"}

    alarms = watch.describe_alarms()["MetricAlarms"]
    own = {each for each in watched(alarms) if each[0] == "my_agent"}
    assert {name for _, name in own} == {"runs", "failedRuns", "firstTextMs", "inputTokens", "outputTokens"}
    assert own <= metrics
    dashboard = json.loads(watch.get_dashboard(DashboardName="my_agent-us-west-2")["DashboardBody"])
    shown = {tuple(row[:2]) for each in dashboard["widgets"] for row in each["properties"].get("metrics", [])}
    assert {each for each in shown if each[0] == "my_agent"} == metrics
    (query,) = [each["properties"]["query"] for each in dashboard["widgets"] if each["type"] == "log"]
    groups = {each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]}
    assert {part.split("'")[1] for part in query.split("|") if "SOURCE" in part} == groups

    assert project.run("deploy", "--json", "--no-check").json["changed"] is False
    assert project.run("status", "--json").json["drift"] == []
    assert project.run("destroy", "--yes").code == 0
    assert not watch.describe_alarms()["MetricAlarms"]
    assert not watch.list_dashboards()["DashboardEntries"]


def test_each_environment_has_metrics_of_its_own(project: Project, cloud: Emulator) -> None:
    project.configure("[environments.prod]\nparameters = { MaxFirstTextMs = '3000' }\n")
    found = project.run("deploy", "--dry-run", "--json", "--environment", "prod").json
    assert lint(found["template"]) == []
    assert (
        found["template"]["Resources"]["Runtime"]["Properties"]["EnvironmentVariables"]["AGENT_NAME"] == "my_agent_prod"
    )
    assert {"ParameterKey": "MaxFirstTextMs", "ParameterValue": "3000"} in found["parameters"]


def test_a_team_with_dashboards_of_its_own_deletes_ours(project: Project, cloud: Emulator) -> None:
    (project.path / "deploy" / "stack-dashboard.yaml").unlink()
    assert "Dashboard" not in plan(project)["template"]["Resources"]
    assert project.run("deploy", "--no-check").code == 0


QUERY = {"Id": "a", "MetricStat": {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"MetricName": "m"}, "either MetricName or Metrics"),
        ({"Metrics": [QUERY, QUERY | {"Id": "b"}]}, "Exactly one element"),
        ({"Metrics": [QUERY | {"Id": "A"}]}, "does not begin"),
        ({"Metrics": [QUERY | {"ReturnData": False}, {"Id": "e", "Expression": "a + nothing"}]}, "unknown ids"),
        ({"Metrics": [], "MetricName": "m", "Statistic": "Sum", "Period": 90}, "multiple of 60"),
        ({"Metrics": [], "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 2000}, "so long"),
    ],
)
def test_the_emulator_refuses_alarms_as_cloudwatch_does(more: Json, message: str) -> None:
    with pytest.raises(ResourceFailure, match=message):
        check_alarm({"EvaluationPeriods": 1, "Metrics": [QUERY]} | more)


@pytest.mark.parametrize(
    ("widget", "message"),
    [
        ({"type": "chart"}, "Should be one of"),
        ({"type": "metric", "properties": {"metrics": []}}, "lacks region"),
        ({"type": "text", "properties": {"markdown": ""}, "x": 20, "width": 6}, "does not fit"),
        ({"type": "text", "properties": {"markdown": "", "text": ""}}, "Should NOT have text"),
        (
            {"type": "metric", "properties": {"region": "us-west-2", "metrics": [["n", "m", "d"]]}},
            "pairs of dimensions",
        ),
        ({"type": "alarm", "properties": {"alarms": ["my-alarm"]}}, "is no alarm"),
    ],
)
def test_the_emulator_refuses_dashboards_as_cloudwatch_does(widget: Json, message: str) -> None:
    with pytest.raises(ResourceFailure, match=message):
        check_dashboard(json.dumps({"widgets": [widget]}))
