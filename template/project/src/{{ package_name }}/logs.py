"""Logs for machines: a JSON object a line, with the ids of the request and the session it belongs to."""

import logging

from bedrock_agentcore.runtime.app import RequestContextFormatter


def log_json(level: int = logging.INFO) -> None:
    """Log to standard error, which AgentCore sends to CloudWatch Logs; its console finds the fields by itself."""
    handler = logging.StreamHandler()
    handler.setFormatter(RequestContextFormatter())
    logging.basicConfig(level=level, handlers=[handler])
    logging.getLogger("bedrock_agentcore.app").propagate = False  # it has a handler of its own
