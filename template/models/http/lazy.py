def _read_all(value: Any) -> None:
    """Pydantic checks what is iterable only when somebody reads it."""
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        for member in value.values() if isinstance(value, dict) else value:
            _read_all(member)
