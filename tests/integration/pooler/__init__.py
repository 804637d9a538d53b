"""A real PgBouncer, as pgmoat configures it, before a real server."""
