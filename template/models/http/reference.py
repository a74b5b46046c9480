def problem(body: Body, _model: str) -> str | None:
    """What is wrong with a request, None if nothing is."""
    return next(itertools.chain.from_iterable(rule(body) for rule in RULES), None)


def _complaint(error: ValidationError) -> str:
    """What is wrong. Of a union, every member complains: what counts is said by those whose literals fit."""
    found = error.errors()
    others = [fault["loc"][:-1] for fault in found if fault["type"] == "literal_error"]
    fitting = [fault for fault in found if not any(fault["loc"][: len(other)] == other for other in others)]
    fault = max(fitting or found, key=lambda fault: (fault["type"] == "literal_error", len(fault["loc"])))
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
