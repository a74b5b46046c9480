def failure(error: BaseException) -> Failure | None:
    """What went wrong in a model call, without the provider's own text; None when it was not a model call."""
    return told_failure(error) or (model_failure("model_error") if isinstance(error, APIError) else None)
