"""One part against a real PostgreSQL."""
