"""What the agent asks of the person: to approve a tool call, or to answer a question of a tool."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from ag_ui.core import Interrupt

from clients.python import Answer


def ask(interrupts: Sequence[Interrupt]) -> None:
    """Draw what is open; once each has its answer, `take_answers` gives them."""
    for interrupt in interrupts:
        if interrupt.id not in _given():
            with st.container(border=True):
                st.markdown(f"**{interrupt.message or 'The agent asks'}**")
                _draw(interrupt, (interrupt.response_schema or {}).get("properties", {}))


def take_answers(interrupts: Sequence[Interrupt]) -> dict[str, Answer] | None:
    """The answers to all of these, by interrupt id, once; None while one is missing."""
    if not interrupts or not all(interrupt.id in _given() for interrupt in interrupts):
        return None
    return {interrupt.id: _given().pop(interrupt.id) for interrupt in interrupts}


def _given() -> dict[str, Answer]:
    given: dict[str, Answer] = st.session_state.setdefault("answers", {})
    return given


def _draw(interrupt: Interrupt, properties: dict[str, Any]) -> None:
    if "approved" in properties:
        approve, decline = st.columns(2)
        approve.button("Approve", key=f"{interrupt.id} yes", type="primary", on_click=_give, args=[interrupt.id, True])
        decline.button("Decline", key=f"{interrupt.id} no", on_click=_give, args=[interrupt.id, False])
        return
    values = {name: _field(f"{interrupt.id} {name}", name, schema) for name, schema in properties.items()}
    answer = {name: value for name, value in values.items() if value is not None}
    send, cancel = st.columns(2)
    send.button("Answer", key=f"{interrupt.id} send", type="primary", on_click=_give, args=[interrupt.id, answer])
    cancel.button("Cancel", key=f"{interrupt.id} cancel", on_click=_give, args=[interrupt.id, None])


def _give(interrupt_id: str, answer: Answer) -> None:
    _given()[interrupt_id] = answer


def _field(key: str, name: str, schema: dict[str, Any]) -> Any:
    label = schema.get("title", name)
    if choices := schema.get("enum"):
        return st.selectbox(label, choices, index=None, key=key)
    match schema.get("type"):
        case "boolean":
            return st.checkbox(label, key=key)
        case "integer":
            return st.number_input(label, value=None, step=1, key=key)
        case "number":
            return st.number_input(label, value=None, key=key)
    return st.text_input(label, key=key) or None
