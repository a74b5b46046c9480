def signature(part: types.Part) -> str | None:
    """The model's signature of the thought in this part."""
    return part.thought_signature.decode() if part.thought_signature else None


def signed(parts: list[types.Part], thoughts: Sequence[Thought]) -> list[types.Part]:
    """What the model said, after the thoughts that it signed."""
    return [*(_thought(thought) for thought in thoughts if thought.signature), *parts]


def _thought(thought: Thought) -> types.Part:
    return types.Part(text=thought.text, thought=True, thought_signature=(thought.signature or "").encode())
