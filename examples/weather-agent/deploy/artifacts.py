"""The forms in which the agent can be deployed; the first is the default."""

from . import code_zip

ARTIFACTS = {
    "code-zip": code_zip,
}
