"""Orders of a shop, and refunds for them. `ORDERS` is in the place of the shop's own system: call that here."""

from dataclasses import dataclass
from decimal import Decimal
from threading import Lock

ASK_ABOVE = 50
"""Euros. A person approves each refund that is larger."""


@dataclass
class Order:
    """An order that was paid; amounts in euros."""

    item: str
    paid: Decimal
    refunded: Decimal = Decimal(0)

    @property
    def left(self) -> Decimal:
        """What can still be refunded."""
        return self.paid - self.refunded


ORDERS = {
    "A17": Order("a teapot", Decimal("34.90")),
    "B22": Order("a bicycle", Decimal("649.00")),
}
REFUNDING = Lock()  # tools run in threads: two refunds of one order must not both see the same rest


def find_order(order: str) -> str:
    """Look an order up: what it is, what was paid, what was refunded.

    Args:
        order: Its number, such as A17.
    """
    found = _found(order)
    return f"{order}: {found.item}, paid {found.paid:.2f} euros, refunded {found.refunded:.2f} euros"


def refund(order: str, amount: float) -> str:
    """Pay money back for an order.

    Args:
        order: Its number, such as A17.
        amount: How much, in euros.
    """
    euros = Decimal(str(amount))
    with REFUNDING:
        found = _found(order)
        if not 0 < euros <= found.left or euros != round(euros, 2):
            raise ValueError(f"Order {order} allows a refund of 0.01 to {found.left:.2f} euros, in whole cents.")
        found.refunded += euros
    return f"refunded {euros:.2f} euros for order {order}"


def is_large(amount: float, **_: object) -> bool:
    """Whether a person has to approve a refund."""
    return amount > ASK_ABOVE


def _found(order: str) -> Order:
    if order not in ORDERS:
        raise ValueError(f"There is no order {order!r}. Ask the customer for its number.")
    return ORDERS[order]
