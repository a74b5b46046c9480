"""Tickets of our help desk. `TICKETS` is in the place of its API: call that here."""

from dataclasses import dataclass
from itertools import count


@dataclass
class Ticket:
    """What somebody needs, how soon, and whether it is done."""

    text: str
    urgent: bool = False
    done: bool = False


TICKETS: dict[str, Ticket] = {}
NUMBERS = count(1)


def open_ticket(text: str, urgent: bool = False) -> str:
    """Open a ticket for a person of the help desk.

    Args:
        text: What is needed, so that somebody who has not read the conversation understands it.
        urgent: Whether somebody cannot work until it is done.
    """
    if not text.strip():
        raise ValueError("A ticket says what is needed.")
    number = f"T{next(NUMBERS)}"
    TICKETS[number] = Ticket(text.strip(), urgent)
    return f"ticket {number} is open"


def ticket_status(number: str) -> str:
    """Say how far a ticket is.

    Args:
        number: Its number, such as T1.
    """
    if number not in TICKETS:
        raise ValueError(f"There is no ticket {number!r}.")
    ticket = TICKETS[number]
    return f"{number} is {'done' if ticket.done else 'urgent' if ticket.urgent else 'open'}: {ticket.text}"


TOOLS = [open_ticket, ticket_status]
