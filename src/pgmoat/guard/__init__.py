"""Whether a statement may be sent at all, before PostgreSQL is asked."""
