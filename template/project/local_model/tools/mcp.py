"""MCP offline: a server of this project's own, started as any MCP server is, that keeps notes while it runs."""

import importlib
import json
import re
import sys
from typing import Any

from ..offline_tool import OfflineTool

NOTE = re.compile(r"\b(?:take|make) a note:? (?P<text>[^.?!]+)", re.IGNORECASE)


def arguments(question: str) -> list[dict[str, Any]]:
    """One call for a note to take."""
    return [{"text": match["text"].strip()} for match in NOTE.finditer(question)]


def serve() -> None:
    """Speak MCP on the standard input and output."""
    _notes().run()


def _notes() -> Any:
    server = _server_class()("notes")
    notes: list[str] = []

    def add(text: str, tags: list[str] | None = None) -> str:
        """Keep a note.

        Args:
            text: What to keep.
            tags: Words to find it by.
        """
        notes.append(" ".join([text, *(f"#{tag}" for tag in tags or [])]))
        return f"There are {len(notes)} notes: {'; '.join(notes)}"

    server.tool()(add)
    return server


def _server_class() -> Any:
    try:
        return importlib.import_module("mcp.server.mcpserver").MCPServer
    except ModuleNotFoundError:  # before mcp 2
        return importlib.import_module("mcp.server.fastmcp").FastMCP


COMMAND = {"command": sys.executable, "args": ["-c", f"from {__name__} import serve; serve()"]}

OFFLINE = OfflineTool(
    name="notes_add",
    arguments=arguments,
    example="Take a note: buy milk",
    environment=lambda _base_url: {"MCP_SERVERS": json.dumps({"notes": COMMAND})},
)
