"""Streaming agents, from template to Amazon Bedrock AgentCore.

    import streamplate

    project = streamplate.new("my-agent", {"tools": ["weather"]})
    streamplate.configure(project.path, {"tools": ["weather", "time"]})
    streamplate.check(project.path).status  # "up to date"
    streamplate.update(project.path, streamplate.UpdateRequest(preview=True)).diff

Failures are `streamplate.StreamplateError`: a message, a hint and an exit code.
"""

from streamplate.creation import NewProject, new
from streamplate.errors import StreamplateError, UsageProblem
from streamplate.health import Health, check
from streamplate.questionnaire import options
from streamplate.questions import Question
from streamplate.updating import Report, UpdateRequest, configure, undo, update
from streamplate.updating.adoption import Adoption, adopt

__version__ = "0.9.0"

__all__ = [
    "Adoption",
    "Health",
    "NewProject",
    "Question",
    "Report",
    "StreamplateError",
    "UpdateRequest",
    "UsageProblem",
    "__version__",
    "adopt",
    "check",
    "configure",
    "new",
    "options",
    "undo",
    "update",
]


def __dir__() -> list[str]:
    return __all__
