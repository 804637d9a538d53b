"""Harden and soften against PostgreSQL."""
