"""PgBouncer before the database: its configuration, and whether a running one is as it should be."""
