"""The agent as AgentCore's direct code deployment takes it: a reproducible zip of arm64 wheels and `src/`."""

from .build import Package, build

__all__ = ["Package", "build"]
