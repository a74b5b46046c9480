"""What CloudFormation answers, and why a resource could not be made."""


class StackError(Exception):
    """An error that the service answers with."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ResourceFailure(Exception):
    """A resource could not be created, changed or deleted."""


def invalid(message: str) -> StackError:
    return StackError("ValidationError", message)
