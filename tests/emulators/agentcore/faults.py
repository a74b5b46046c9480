"""Failures on demand."""

from dataclasses import dataclass, field

from .errors import AwsError


@dataclass
class Fault:
    """The next `times` calls of `operation` fail with `code`; with `lost`, after they have taken effect."""

    operation: str
    code: str
    message: str = "injected fault"
    times: int = 1
    lost: bool = False


@dataclass
class Faults:
    pending: list[Fault] = field(default_factory=list)

    def add(
        self, operation: str, code: str, message: str = "injected fault", times: int = 1, lost: bool = False
    ) -> None:
        self.pending.append(Fault(operation, code, message, times, lost))

    def clear(self) -> None:
        self.pending.clear()

    def strike(self, operation: str, lost: bool) -> None:
        """Raise the fault that is due at this moment of a call, if there is one."""
        for fault in self.pending:
            if fault.operation == operation and fault.lost == lost and fault.times:
                fault.times -= 1
                raise AwsError(fault.code, fault.message)
