def failure(error: BaseException) -> Failure | None:
    """What went wrong in a model call, without the provider's own text; None when it was not a model call."""
    for cause in _causes(error):
        if isinstance(cause, APIStatusError):
            return _status_failure(cause.status_code)
        if isinstance(cause, APIConnectionError | httpx.TransportError):
            return Failure(*UNAVAILABLE)
        if isinstance(cause, APIError):
            return Failure(*BROKEN)
    return None
