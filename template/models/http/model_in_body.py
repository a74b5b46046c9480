def model_of(_url: str, request: Request) -> str:
    """The model that a request asks."""
    return str(request.get("model"))


def of_model(url: str, request: Request, model: str) -> tuple[str, Request]:
    """The address and the body of the same request to another model."""
    return url, {**request, "model": model}
