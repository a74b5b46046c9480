"""The form of every answer: yours to change.

The model reads the docstring and the descriptions. What it gives is checked; callers get it as `RunFinished.result`.
"""

from typing import Literal

from pydantic import BaseModel, Field


class Answer(BaseModel):
    """The answer to the user's question."""

    summary: str = Field(description="The answer, in a sentence or two.")
    confidence: Literal["high", "medium", "low"] = Field(description="How sure it is.")
    sources: list[str] = Field(description="Where each fact comes from: a tool, a document, an address.")
