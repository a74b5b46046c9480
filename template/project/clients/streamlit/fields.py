"""Widgets for the values that a JSON schema asks for."""

import json
from dataclasses import dataclass
from typing import Any

import streamlit as st

MAX_NUMBER = 2**53 - 1  # that of JavaScript
LONG = 60


@dataclass(frozen=True)
class Field:
    """One value. What a person makes of it is in Streamlit's session state, under `key`; `value` is there before."""

    key: str
    name: str
    schema: dict[str, Any]
    value: Any = None

    @property
    def label(self) -> str:
        """What stands above it."""
        return str(self.schema.get("title", self.name))

    def draw(self) -> None:
        """Show the widget."""
        match self._kind:
            case "choice":
                choices = self.schema["enum"]
                chosen = choices.index(self.value) if self.value in choices else None
                st.selectbox(self.label, choices, index=chosen, key=self.key)
            case "boolean":
                st.checkbox(self.label, value=bool(self.value), key=self.key)
            case "integer":
                st.number_input(self.label, value=self.value, step=1, key=self.key)
            case "number":
                number = None if self.value is None else float(self.value)
                st.number_input(self.label, value=number, format="%g", key=self.key)
            case "string":
                text = self.value or ""
                draw = st.text_area if len(text) > LONG or "\n" in text else st.text_input
                draw(self.label, value=text, key=self.key)
            case _:
                text = "" if self.value is None else json.dumps(self.value, indent=2, ensure_ascii=False)
                st.text_area(f"{self.label} (JSON)", value=text, key=self.key)

    def read(self) -> Any:
        """The value as it is now; None where there is none. Raises `ValueError` for what is not JSON."""
        value = st.session_state.get(self.key)
        if self._kind != "json":
            return value
        try:
            return json.loads(value) if value else None
        except ValueError as error:
            raise ValueError(f"{self.label} is not JSON: {error}.") from error

    @property
    def _kind(self) -> str:
        """By its schema, unless the value is another: what a model gives may be."""
        if "enum" in self.schema:
            return "choice"
        kind, value = self.schema.get("type"), self.value
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER
        fits = {
            "boolean": isinstance(value, bool),
            "integer": is_number and isinstance(value, int),
            "number": is_number,
            "string": isinstance(value, str),
        }
        return str(kind) if kind in fits and (value is None or fits[str(kind)]) else "json"
