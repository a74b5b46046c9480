"""Streaming agents, from template to Amazon Bedrock AgentCore.

    import streamplate

    project = streamplate.new("my-agent", {"tools": ["weather"]})

Failures are `streamplate.StreamplateError`: a message, a hint and an exit code.
"""

from streamplate.errors import StreamplateError, UsageProblem
from streamplate.projects import NewProject, new
from streamplate.questions import Question, options

__version__ = "0.1.0"

__all__ = ["NewProject", "Question", "StreamplateError", "UsageProblem", "__version__", "new", "options"]
