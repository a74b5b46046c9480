"""Logs for machines: a JSON object a line, with the ids of the request and the session it belongs to."""

import json
import logging
import os
import time
from typing import Any

from bedrock_agentcore.runtime.app import RequestContextFormatter

logger = logging.getLogger(__name__)
NAMESPACE = os.environ.get("AGENT_NAME", __package__)  # what deploys it sets it: environments are told apart

COUNTS = ("runs", "failedRuns", "modelCalls", "fallbacks", "inputTokens", "outputTokens")
METRICS = {**dict.fromkeys(COUNTS, "Count"), "durationMs": "Milliseconds", "firstTextMs": "Milliseconds"}


class JsonFormatter(RequestContextFormatter):
    """AgentCore's own, with the record's `fields` beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        line: str = super().format(record)  # type: ignore[no-untyped-call]
        return json.dumps(json.loads(line) | record.fields) if hasattr(record, "fields") else line


def log_json(level: int = logging.INFO) -> None:
    """Log to standard error, which AgentCore sends to CloudWatch Logs; its console finds the fields by itself."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler])
    server = logging.getLogger("bedrock_agentcore.app")  # it calls every stream that begins a success
    server.handlers, server.propagate = [handler], False
    server.setLevel(max(level, logging.WARNING))


def log_run(summary: dict[str, Any]) -> None:
    """One line for each run, which CloudWatch reads as metrics of the agent's namespace.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    failed = summary["outcome"] == "failed"
    fields = {name: value for name, value in summary.items() if value is not None}
    fields |= {"runs": 1, "failedRuns": int(failed)}
    metrics = [{"Name": name, "Unit": unit} for name, unit in METRICS.items() if name in fields]
    directive = {"Namespace": NAMESPACE, "Dimensions": [[]], "Metrics": metrics}
    fields["_aws"] = {"Timestamp": int(1000 * time.time()), "CloudWatchMetrics": [directive]}
    level = logging.WARNING if failed else logging.INFO
    logger.log(level, "run %s %s", summary["outcome"], summary["code"] or "", extra={"fields": fields})
