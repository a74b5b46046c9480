def failure(error: BaseException) -> Failure | None:
    """What went wrong in a model call, without the provider's own text; None when it was not a model call."""
    if told := told_failure(error):
        return told
    return Failure("model_error") if any(isinstance(cause, APIError) for cause in causes(error)) else None
