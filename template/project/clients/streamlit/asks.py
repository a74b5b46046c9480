"""What the agent asks of the person: to approve a tool call, whose arguments can be edited, or to answer a question."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from ag_ui.core import Interrupt

from clients.python import Answer, asked
from clients.streamlit.fields import Field


def ask(interrupts: Sequence[Interrupt], arguments: Mapping[str, dict[str, Any]]) -> None:
    """Draw what is open, with the arguments of the calls that wait; `take_answers` gives the answers to all of it."""
    for interrupt in interrupts:
        if interrupt.id not in _given():
            with st.container(border=True):
                message, page = asked(interrupt.message, interrupt.metadata)
                st.text(message)  # no Markdown: nothing in it can look like more
                if page:
                    st.code(page, language=None, wrap_lines=True)
                    st.link_button("Open this page", page)
                _draw(interrupt, arguments.get(interrupt.tool_call_id or "", {}))
                if problem := st.session_state.get(f"{interrupt.id} problem"):
                    st.error(problem)


def take_answers(interrupts: Sequence[Interrupt]) -> dict[str, Answer] | None:
    """The answers to all of these, by interrupt id, once; None while one is missing."""
    if not interrupts or not all(interrupt.id in _given() for interrupt in interrupts):
        return None
    return {interrupt.id: _given().pop(interrupt.id) for interrupt in interrupts}


def _given() -> dict[str, Answer]:
    given: dict[str, Answer] = st.session_state.setdefault("answers", {})
    return given


def _draw(interrupt: Interrupt, arguments: dict[str, Any]) -> None:
    schema = interrupt.response_schema or {}
    properties = schema.get("properties", {})
    if "approved" in properties:
        _draw_approval(interrupt.id, _fields(interrupt.id, properties.get("editedArgs", {}), arguments), arguments)
    else:
        _draw_question(interrupt.id, _fields(interrupt.id, schema, {}), schema.get("required", []))


def _draw_approval(id: str, fields: list[Field], arguments: dict[str, Any]) -> None:
    for field in fields:
        field.draw()
    st.text_input("Why not? (optional)", key=f"{id} reason")
    approve, decline = st.columns(2)
    approve.button("Approve", key=f"{id} yes", type="primary", on_click=_approve, args=[id, fields, arguments])
    decline.button("Decline", key=f"{id} no", on_click=_decline, args=[id])


def _draw_question(id: str, fields: list[Field], required: list[str]) -> None:
    for field in fields:
        field.draw()
    send, cancel = st.columns(2)
    send.button("Answer", key=f"{id} send", type="primary", on_click=_answer, args=[id, fields, required])
    cancel.button("Cancel", key=f"{id} cancel", on_click=_give, args=[id, None])


# Streamlit calls these before it runs the page again: the fields are read as they are then, not as they were drawn.


def _approve(id: str, fields: list[Field], arguments: dict[str, Any]) -> None:
    if (values := _values(id, fields)) is not None:
        left = {name: value for name, value in arguments.items() if name not in {field.name for field in fields}}
        edited = left | {name: value for name, value in values.items() if value is not None}
        _give(id, True if edited == arguments else {"approved": True, "editedArgs": edited})


def _decline(id: str) -> None:
    reason = st.session_state.get(f"{id} reason", "").strip()
    _give(id, {"approved": False, "reason": reason} if reason else False)


def _answer(id: str, fields: list[Field], required: list[str]) -> None:
    if (values := _values(id, fields)) is None:
        return
    answer = {name: value for name, value in values.items() if value not in (None, "")}
    if missing := [field.label for field in fields if field.name in required and field.name not in answer]:
        st.session_state[f"{id} problem"] = f"Fill in {', '.join(missing)}."
    else:
        _give(id, answer)


def _values(id: str, fields: list[Field]) -> dict[str, Any] | None:
    """What the fields hold, by name; None, and a problem to show, if one holds no value."""
    try:
        return {field.name: field.read() for field in fields}
    except ValueError as error:
        st.session_state[f"{id} problem"] = str(error)
        return None


def _give(id: str, answer: Answer) -> None:
    _given()[id] = answer


def _fields(id: str, schema: dict[str, Any], values: dict[str, Any]) -> list[Field]:
    return [Field(f"{id} {name}", name, each, values.get(name)) for name, each in schema.get("properties", {}).items()]
