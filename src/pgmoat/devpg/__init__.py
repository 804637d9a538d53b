"""A PostgreSQL server for development, demos and tests: it starts in a second and leaves nothing behind."""
