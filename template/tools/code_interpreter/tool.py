"""Code, run in the sandbox of AgentCore's code interpreter, away from the agent.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/code-interpreter-tool.html
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

logger = logging.getLogger(__name__)

INTERPRETER = "aws.codeinterpreter.v1"  # AWS's own; `CODE_INTERPRETER_ID` names another
SESSION_SECONDS = 300
MAX_CODE_CHARACTERS = 100_000


def run_code(code: str, language: Literal["python", "javascript", "typescript"] = "python") -> str:
    """Run code in a sandbox, and get what it prints. Nothing is kept for the next call: print what is needed.

    Args:
        code: The whole program.
        language: The language of the program.
    """
    if not code.strip() or len(code) > MAX_CODE_CHARACTERS:
        raise ValueError(f"Give a program of 1 to {MAX_CODE_CHARACTERS} characters.")
    try:
        with _session() as session:
            results = list(_run(session, code, language))
    except (BotoCoreError, ClientError) as error:
        logger.error("the code interpreter failed: %s", error)
        raise ValueError("The code interpreter cannot be reached, or it gave up.") from error
    return "\n".join(map(_told, results)) or "(nothing was printed)"


@contextmanager
def _session() -> Iterator[dict[str, str]]:
    """A session of one call's own: callers must not find what others left there."""
    interpreter = os.environ.get("CODE_INTERPRETER_ID", INTERPRETER)
    started = _client().start_code_interpreter_session(
        codeInterpreterIdentifier=interpreter, sessionTimeoutSeconds=SESSION_SECONDS
    )
    session = {"codeInterpreterIdentifier": interpreter, "sessionId": started["sessionId"]}
    try:
        yield session
    finally:
        with suppress(BotoCoreError, ClientError):  # it ends by itself too
            _client().stop_code_interpreter_session(**session)


def _run(session: dict[str, str], code: str, language: str) -> Iterator[dict[str, Any]]:
    answer = _client().invoke_code_interpreter(
        **session, name="executeCode", arguments={"code": code, "language": language}
    )
    for event in answer["stream"]:
        if "result" in event:
            yield event["result"]


def _told(result: dict[str, Any]) -> str:
    printed = result.get("structuredContent", {})
    texts = [block.get("text") or f"({block['type']})" for block in result["content"]]
    stderr = printed.get("stderr", "")
    lines = [printed.get("stdout") or "\n".join(texts), f"stderr: {stderr}" if stderr else ""]
    text = "\n".join(line.rstrip("\n") for line in lines if line)
    return f"The program failed.\n{text}" if result.get("isError") or printed.get("exitCode") else text


@cache
def _client() -> Any:
    config = Config(connect_timeout=5, read_timeout=SESSION_SECONDS, retries={"total_max_attempts": 1})
    region = os.environ.get("AWS_REGION", "{{ region }}")
    return boto3.client("bedrock-agentcore", region_name=region, config=config)
