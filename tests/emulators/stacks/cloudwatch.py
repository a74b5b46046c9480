"""What CloudWatch refuses of alarms and dashboards, as its API reference says; moto takes anything."""

import json
import re
from typing import Any

from .errors import ResourceFailure

Json = dict[str, Any]
COMMON = {"title", "region", "accountId"}
PROPERTIES = {
    "metric": COMMON
    | {"metrics", "annotations", "legend", "liveData", "period", "setPeriodToTimeRange", "singleValueFullPrecision"}
    | {"sparkline", "stacked", "stat", "timezone", "trend", "view", "yAxis", "table", "theme"},
    "log": COMMON | {"query", "view", "stacked", "queryLanguage", "timezone"},
    "alarm": {"alarms", "title", "sortBy", "states"},
    "text": {"markdown", "background"},
}
NEEDED = {"metric": {"region", "metrics"}, "log": {"region", "query"}, "alarm": {"alarms"}, "text": {"markdown"}}
OPTIONS = {"stat", "label", "period", "color", "yAxis", "visible", "id", "expression", "region", "accountId"}
ALARM = re.compile(r"arn:aws:cloudwatch:[a-z0-9-]+:\d{12}:alarm:.+")


def check_dashboard(body: str) -> None:
    try:
        widgets = json.loads(body)["widgets"]
    except (ValueError, KeyError, TypeError):
        raise ResourceFailure("The field DashboardBody must be a valid JSON object with widgets") from None
    if found := [message for number, each in enumerate(widgets) for message in _widget(each, f"/widgets/{number}")]:
        raise ResourceFailure(f"The dashboard body is invalid, there are {len(found)} validation errors: {found}")


def _widget(widget: Json, where: str) -> list[str]:
    kind, properties = widget.get("type"), widget.get("properties", {})
    if kind not in PROPERTIES:
        return [f"{where}/type: Should be one of {sorted(PROPERTIES)}"]
    x, width = widget.get("x", 0), widget.get("width", 6)
    inside = 0 <= x <= 23 and 1 <= width <= 24 and x + width <= 24 and 1 <= widget.get("height", 6) <= 1000
    found = [] if inside else [f"{where}: does not fit the grid of 24 columns"]
    found += [f"{where}/properties: lacks {each}" for each in sorted(NEEDED[kind] - set(properties))]
    found += [f"{where}/properties: Should NOT have {each}" for each in sorted(set(properties) - PROPERTIES[kind])]
    for row in properties.get("metrics", []):
        names, options = (
            [each for each in row if isinstance(each, str)],
            [each for each in row if isinstance(each, dict)],
        )
        if len(names) % 2 or len(names) < 2 or len(options) > 1:
            found.append(f"{where}/properties/metrics: {row} is no namespace, metric and pairs of dimensions")
        found += [f"{where}: {each} is no option of a metric" for option in options for each in set(option) - OPTIONS]
    return found + [f"{where}: {each} is no alarm" for each in properties.get("alarms", []) if not ALARM.match(each)]


def check_alarm(alarm: Json) -> None:
    queries = alarm.get("Metrics", [])
    if bool(queries) == ("MetricName" in alarm):
        raise ResourceFailure("An alarm has either MetricName or Metrics")
    if queries:
        _queries(queries)
    elif ("Statistic" in alarm) == ("ExtendedStatistic" in alarm):
        raise ResourceFailure("An alarm has either Statistic or ExtendedStatistic")
    for period in [alarm.get("Period"), *(each["MetricStat"]["Period"] for each in queries if "MetricStat" in each)]:
        if period and (period % 60 and period not in (10, 20, 30)):
            raise ResourceFailure(f"Period {period} is not 10, 20, 30 or a multiple of 60")
        if period and period * alarm["EvaluationPeriods"] > (604_800 if period >= 3600 else 86_400):
            raise ResourceFailure("Metrics cannot be checked across so long a time (EvaluationPeriods * Period)")


def _queries(queries: list[Json]) -> None:
    if len(returned := [each["Id"] for each in queries if each.get("ReturnData", True)]) != 1:
        raise ResourceFailure(f"Exactly one element of Metrics must return data, not {returned}")
    known = {each["Id"] for each in queries}
    for each in queries:
        if not re.fullmatch(r"[a-z]\w*", each["Id"]):
            raise ResourceFailure(f"The id {each['Id']} does not begin with a lower-case letter")
        if unknown := set(re.findall(r"\b[a-z]\w*", each.get("Expression", ""))) - known:
            raise ResourceFailure(f"The expression of {each['Id']} names unknown ids {sorted(unknown)}")
