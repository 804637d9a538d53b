"""Tests of the runtime's engines for SQLAlchemy."""
