"""Streaming agents, from template to Amazon Bedrock AgentCore.

    import streamplate

    project = streamplate.new("my-agent", {"tools": ["weather"]})

Failures are `streamplate.StreamplateError`: a message, a hint and an exit code.
"""

from streamplate.creation import NewProject, new
from streamplate.errors import StreamplateError, UsageProblem
from streamplate.questions import Question, options
from streamplate.updates import Report, Wanted, update

__version__ = "0.5.0"

__all__ = [
    "NewProject",
    "Question",
    "Report",
    "StreamplateError",
    "UsageProblem",
    "Wanted",
    "__version__",
    "new",
    "options",
    "update",
]
