"""What one could ask: each tool's own example question."""

import streamlit as st

from local_model.tools import OFFLINE_TOOLS

EXAMPLES = [tool.example for tool in OFFLINE_TOOLS] or ["What can you do?"]


def suggested() -> str | None:
    """Show the examples, until one is chosen; gives that one."""
    place = st.empty()
    with place.container():
        chosen = [question for question in EXAMPLES if st.button(question)]
    if not chosen:
        return None
    place.empty()
    return chosen[0]
