"""The way to PostgreSQL: connections, and SQL kept in files."""
