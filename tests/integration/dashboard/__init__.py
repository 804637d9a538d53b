"""The dashboard over HTTP, before a real database."""
