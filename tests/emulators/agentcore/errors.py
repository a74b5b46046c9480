"""The one exception: an AWS error with a code and a status."""


class AwsError(Exception):
    """An error that the service answers with; `members` are the error shape's further members."""

    def __init__(self, code: str, message: str, **members: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.members = members


def invalid(message: str, reason: str = "FieldValidationFailed", **members: object) -> AwsError:
    return AwsError("ValidationException", message, reason=reason, **members)


def not_found(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message)


def conflict(message: str) -> AwsError:
    return AwsError("ConflictException", message)
