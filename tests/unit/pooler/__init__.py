"""PgBouncer's configuration: pure parts, and the folder it goes to."""
