"""Tests of the guard against PostgreSQL."""
