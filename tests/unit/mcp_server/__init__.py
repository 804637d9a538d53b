"""Unit tests of pgmoat.mcp_server."""
