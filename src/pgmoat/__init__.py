"""pgmoat: a defensive data layer between AI agents and PostgreSQL."""
