"""The MCP server: entities and operations of one agent as tools, over stdio and streamable HTTP."""
