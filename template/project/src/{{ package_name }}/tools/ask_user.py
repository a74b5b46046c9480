"""A question of the agent to the user."""

from typing import Any

from .ask import Ask

MAX_CHOICES = 10


def ask_user(question: str, choices: list[str] | None = None) -> str:
    """Ask the user something that only they can say, and wait for the answer.

    Args:
        question: What to ask, as a full sentence.
        choices: The answers to choose from, ten at most; none, where the user may write anything.
    """
    options = list(dict.fromkeys(choice for choice in choices or [] if choice.strip()))
    if not question.strip() or len(options) > MAX_CHOICES:
        raise ValueError(f"Give a question, and {MAX_CHOICES} choices at most.")
    answer: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 2000}
    if options:
        answer = {"type": "string", "enum": options}
    raise Ask(question, {"type": "object", "properties": {"answer": answer}, "required": ["answer"]})


TOOLS = [ask_user]
