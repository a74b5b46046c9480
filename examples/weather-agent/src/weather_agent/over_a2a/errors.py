"""What is refused, as A2A's errors: https://a2a-protocol.org/latest/specification/#33-error-handling."""

import logging
from typing import Any

from a2a.utils import errors

from ..errors import Refused

KINDS: dict[str, type[errors.A2AError]] = {
    "invalid_json": errors.JSONParseError,
    "too_large": errors.InvalidRequestError,
    "unsupported_encoding": errors.InvalidRequestError,
    "unsupported_content": errors.ContentTypeNotSupportedError,
    "no_such_run": errors.TaskNotFoundError,
    "session_busy": errors.UnsupportedOperationError,
}
"""By our code; of every other, whether the caller or the agent cannot help it."""


def rpc_error(refused: Refused) -> errors.A2AError:
    """The error that says so, with our own code and what else there is to know."""
    other = errors.InternalError if refused.status >= 500 else errors.InvalidParamsError
    return KINDS.get(refused.code, other)(refused.message, {"code": refused.code, **refused.details})


def rpc_refusal(refused: Refused) -> dict[str, Any]:
    """The answer to what is not yet a call."""
    error = rpc_error(refused)
    code = errors.JSON_RPC_ERROR_CODE_MAP[type(error)]
    return {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": error.message, "data": error.data}}


def without_traceback(record: logging.LogRecord) -> bool:
    """What callers got wrong is no failure of ours, though the SDK logs it like one."""
    if str(record.msg).startswith("Failed to "):
        record.exc_info = None
    return True
