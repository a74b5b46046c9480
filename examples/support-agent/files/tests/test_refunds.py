"""Refunds: what is allowed, which wait for a person, and what the person may change."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from support_agent.tools import orders
from support_agent.tools.orders import Order, find_order, refund

from .agent_client import AgentClient

ASK = 'call refund {"order": "B22", "amount": 100}'


@pytest.fixture(autouse=True)
def _orders(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    known = {"A17": Order("a teapot", Decimal("34.90")), "B22": Order("a bicycle", Decimal(649))}
    monkeypatch.setattr(orders, "ORDERS", known)
    yield


@pytest.mark.parametrize("amount", [0, -1, 35, 0.001])
def test_no_more_than_was_paid_and_whole_cents(amount: float) -> None:
    with pytest.raises(ValueError, match=r"allows a refund of 0\.01 to 34\.90"):
        refund("A17", amount)


def test_refunds_add_up() -> None:
    refund("A17", 30)

    assert find_order("A17") == "A17: a teapot, paid 34.90 euros, refunded 30.00 euros"
    with pytest.raises(ValueError, match=r"to 4\.90"):
        refund("A17", 5)


def test_a_small_refund_is_paid_at_once(agent: AgentClient) -> None:
    answer = agent.ask('call refund {"order": "A17", "amount": 10}')

    assert answer.outcome.type == "success" and "refunded 10.00 euros" in answer.text


@pytest.mark.parametrize(
    ("payload", "told", "refunded"),
    [
        ({"approved": True}, "refunded 100.00 euros", 100),
        ({"approved": True, "editedArgs": {"order": "B22", "amount": 60}}, "refunded 60.00 euros", 60),
        ({"approved": True, "editedArgs": {"order": "B22", "amount": 650}}, "0.01 to 649.00 euros", 0),
        ({"approved": False, "reason": "not damaged"}, "the user declined this: not damaged", 0),
    ],
)
def test_a_large_refund_waits_for_a_person(
    agent: AgentClient, payload: dict[str, Any], told: str, refunded: int
) -> None:
    asked = agent.ask(ASK)
    (interrupt,) = asked.outcome.interrupts
    assert interrupt.message == "Refund 100.0 euros for order B22?"
    assert orders.ORDERS["B22"].refunded == 0

    entry = {"interruptId": interrupt.id, "status": "resolved", "payload": payload}
    answer = agent.run({"resume": [entry]}, asked.session)

    assert told in answer.text and orders.ORDERS["B22"].refunded == refunded
