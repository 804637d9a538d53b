"""The MCP server before a real database, driven by the SDK's own client."""
