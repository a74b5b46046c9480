"""The agent over MCP (https://modelcontextprotocol.io), stateless: itself as the tool `ask`, and its own tools."""
