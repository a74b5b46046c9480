"""The agent's card: what other agents read of it before they call it."""

from a2a.types import AgentCapabilities, AgentCard, AgentExtension, AgentInterface, AgentSkill

from ..model import READS
from ..tools import TOOLS
from .updates import EVENTS

NAME = "weather-agent"
DESCRIPTION = "An agent that other agents ask for the weather, over A2A"


def card(url: str) -> AgentCard:
    """The card of the agent at `url`: itself as a skill, and each of its tools."""
    interfaces = [
        AgentInterface(url=url, protocol_binding="JSONRPC", protocol_version=version) for version in ("1.0", "0.3")
    ]
    extension = AgentExtension(uri=EVENTS, description="AG-UI events of tool calls, thoughts and state, as metadata.")
    ask = AgentSkill(id="ask", name=NAME, description=DESCRIPTION, tags=["agent"])
    tools = [
        AgentSkill(id=tool.name, name=tool.name, description=tool.description, tags=["tool"])
        for tool in TOOLS
        if tool.function
    ]
    return AgentCard(
        name=NAME,
        description=DESCRIPTION,
        version="0.1.0",
        supported_interfaces=interfaces,
        capabilities=AgentCapabilities(streaming=True, extensions=[extension]),
        default_input_modes=["text/plain", "application/json", *sorted(READS - {"text/plain"})],
        default_output_modes=["text/plain", "application/json", "*/*"],  # tools may give files of any type
        skills=[ask, *tools],
    )
