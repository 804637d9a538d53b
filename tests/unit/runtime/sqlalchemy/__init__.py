"""Unit tests of the engines for SQLAlchemy."""
