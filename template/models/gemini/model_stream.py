"""An answer of Gemini as every framework can read it; one that is not whole is a failure.

https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse
"""

import json
from collections.abc import Iterator
from typing import Any

from ..errors import Failure
from ..runs.parts import Usage
from .answer import CallIds, Pieces, check_arguments, tool_name
from .failures import ModelStopped, status_failure

Chunk = dict[str, Any]

# https://ai.google.dev/api/generate-content#FinishReason
WHOLE = "STOP"
FAILURES = {
    "MAX_TOKENS": "answer_too_long",
    "MALFORMED_FUNCTION_CALL": "malformed_answer",
    "MALFORMED_RESPONSE": "malformed_answer",
    "UNEXPECTED_TOOL_CALL": "malformed_answer",
    **dict.fromkeys(("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"), "content_filtered"),
    **dict.fromkeys(("IMAGE_SAFETY", "IMAGE_RECITATION", "IMAGE_PROHIBITED_CONTENT"), "content_filtered"),
    **dict.fromkeys(("MODEL_ARMOR", "JAILBREAK"), "content_filtered"),
}


class Answer:
    """The answer to one request: no text is blank, its ids are new, and it ends as a whole.

    `begun`: a part of it was told. `whole`: nothing more is to come but its end.
    """

    def __init__(self, call_ids: set[str]) -> None:
        self.begun = self.whole = False
        self._ids = CallIds(call_ids)
        self._text = Pieces()
        self._thought = Pieces(blank=True)
        self._reason = self._failure = ""
        self._last: Chunk = {}
        self._tokens: dict[str, int] = {}

    @property
    def usage(self) -> Usage:
        """The tokens so far. Gemini counts thoughts beside the answer's, and what tools read beside the prompt's."""
        counted = self._tokens.get
        thoughts = counted("thoughtsTokenCount")
        return Usage(
            counted("promptTokenCount", 0) + counted("toolUsePromptTokenCount", 0),
            counted("candidatesTokenCount", 0) + (thoughts or 0),
            cached_input_tokens=counted("cachedContentTokenCount"),
            reasoning_tokens=thoughts,
        )

    def add(self, chunk: Chunk) -> Iterator[Chunk]:
        """What of this chunk can be told now: itself, if all of it can. The last one waits for the end."""
        if error := chunk.get("error"):
            raise _error(error)
        self._tokens |= chunk.get("usageMetadata") or {}
        if reason := (chunk.get("promptFeedback") or {}).get("blockReason"):
            self._reason, self._failure, self.whole = reason, "content_filtered", True
        for candidate in (chunk.get("candidates") or [])[:1]:
            parts = (candidate.get("content") or {}).get("parts") or []
            told = [piece for part in parts for piece in self._part(part)]
            readable = chunk if told == parts else _with(chunk, candidate, told)
            if reason := candidate.get("finishReason"):
                self._last, self._reason, self.whole = readable, reason, True
                self._failure = "" if reason == WHOLE else FAILURES.get(reason, "model_stopped")
            elif told:
                self.begun = self.begun or any(map(_says_something, told))
                yield readable

    def end(self) -> Iterator[Chunk]:
        """The rest; or the failure that the answer is."""
        if self._failure:
            raise Failure(self._failure) from ModelStopped(self._reason)
        if rest := self._text.end():
            yield _with(self._last, {"index": 0}, [{"text": rest}])
        tokens = {"promptTokenCount": 0, "candidatesTokenCount": 0} | self._tokens
        tokens.setdefault("totalTokenCount", self.usage.input_tokens + self.usage.output_tokens)
        yield {**self._last, "usageMetadata": tokens}

    def _part(self, part: Chunk) -> Iterator[Chunk]:
        """The part as it can be told. One that is nothing but white space waits for what it precedes."""
        if call := part.get("functionCall"):
            self._text = Pieces()
            yield {**part, "functionCall": self._call(call)}
        elif isinstance(part.get("text"), str):
            pieces = self._thought if part.get("thought") else self._text
            told = {**part, "text": pieces.add(part["text"])}
            if _says_something(told):
                yield told
        else:
            yield part

    def _call(self, call: Chunk) -> Chunk:
        arguments = call.get("args") or {}
        check_arguments(json.dumps(arguments))
        named = {**call, "name": tool_name(call.get("name") or ""), "args": arguments}
        return named | {"id": self._ids.unique(call["id"])} if call.get("id") else named


def _with(chunk: Chunk, candidate: Chunk, parts: list[Chunk]) -> Chunk:
    content = {"role": "model", **(candidate.get("content") or {}), "parts": parts}
    return {**chunk, "candidates": [{**candidate, "content": content}]}


def _says_something(part: Chunk) -> bool:
    return bool(part.get("text")) or not part.keys() <= {"text", "thought"}


def _error(error: Chunk) -> Exception:
    """What an error within the stream means: as the response that it would have been before."""
    failure = status_failure(int(error.get("code") or 424), str(error.get("message")))
    failure.__cause__ = ModelStopped(json.dumps(error))
    return failure
