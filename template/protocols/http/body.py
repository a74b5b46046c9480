def request_body(prompt: str, thread_id: str) -> dict[str, Any]:
    """What one turn sends. The session travels in the header, not in the body."""
    return {"prompt": prompt}
