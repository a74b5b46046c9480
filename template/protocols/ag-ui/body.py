def request_body(prompt: str, thread_id: str) -> dict[str, Any]:
    """What one turn sends: an AG-UI 1.0 `RunAgentInput` with the new message; the agent keeps the conversation."""
    message = {"id": str(uuid4()), "role": "user", "content": prompt}
    return {"threadId": thread_id, "runId": str(uuid4()), "messages": [message], "tools": [], "context": []}
