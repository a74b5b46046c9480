def signed(message: ChatMessage, thoughts: Sequence[Thought]) -> ChatMessage:
    """What the model said, after the thoughts that it signed."""
    blocks = [_thought(thought) for thought in thoughts if thought.signature]
    return ChatMessage(role=message.role, blocks=[*blocks, *message.blocks])


def _thought(thought: Thought) -> ThinkingBlock:
    return ThinkingBlock(content=thought.text, additional_information={"signature": thought.signature})
